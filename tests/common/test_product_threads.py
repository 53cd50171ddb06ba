"""Threads of the matrix library, and Ctrl-C while it is looked for."""

import _thread
import threading

import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from src.common import product_threads
from src.common.product_threads import limited_product_threads


def test_afterwards_all_is_as_before():
    def own():
        libraries = ThreadpoolController().info()
        return {pool["num_threads"] for pool in libraries if "numpy" in pool["filepath"]}

    with threadpool_limits(2, user_api="blas"):
        with limited_product_threads(1):
            assert own() == {1}
        assert own() == {2}


def test_the_library_is_looked_for_once_and_not_where_an_interrupt_is_lost(monkeypatch):
    seen = []

    class Looking(ThreadpoolController):
        def __init__(self):
            seen.append(threading.current_thread())
            _thread.interrupt_main()
            super().__init__()

    monkeypatch.setattr(product_threads, "ThreadpoolController", Looking)
    product_threads._matrix_library.cache_clear()
    with pytest.raises(KeyboardInterrupt):
        limited_product_threads(1)
    assert seen[0] is not threading.main_thread()
    product_threads._matrix_library.cache_clear()
    monkeypatch.undo()
    with limited_product_threads(1), limited_product_threads(1):
        pass
    assert product_threads._matrix_library.cache_info().misses == 1

"""How many threads compute one matrix product.

Where threads of ours compute at the same time, each product has one thread: two layers of threads
would fight for the same cores.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


def limited_product_threads(count: int) -> AbstractContextManager[Any]:
    """Products have ``count`` threads from now to the end of the ``with`` block."""
    limits: AbstractContextManager[Any] = _matrix_library().limit(limits=count, user_api="blas")
    return limits


@cache
def _matrix_library() -> ThreadpoolController:
    """The library, which NumPy has loaded; looking for it takes 0.4 ms, so it is done once.

    Libraries are listed to a callback from C. Python drops an exception that is raised there, so
    Ctrl-C would be lost; but it is only raised in the main thread, and this is another one.
    """
    with ThreadPoolExecutor(1) as other:
        return other.submit(ThreadpoolController).result()

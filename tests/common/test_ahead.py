"""Work done ahead: its order, its limit, its errors, and its end."""

import threading
import time

import pytest

from src.common.ahead import results_ahead


def test_results_come_in_order_whatever_takes_longest():
    def work(item):
        time.sleep(0.02 if item % 3 == 0 else 0)
        return -item

    found = list(results_ahead(range(20), work, threads=4, ahead=6, name="t"))
    assert found == [-item for item in range(20)]


def test_no_more_is_taken_than_is_to_be_ahead():
    taken = []

    def items():
        for item in range(100):
            taken.append(item)
            yield item

    results = results_ahead(items(), lambda item: item, threads=2, ahead=5, name="t")
    assert taken == []
    for number in range(10):
        assert next(results) == number
        assert len(taken) == number + 6
    results.close()


def test_an_error_comes_in_its_turn():
    def work(item):
        if item == 2:
            raise ValueError("two")
        return item

    results = results_ahead(range(5), work, threads=2, ahead=3, name="t")
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)


def test_who_stops_in_the_middle_waits_for_nothing_that_has_not_begun():
    begun, go = [], threading.Event()

    def work(item):
        begun.append(item)
        if item:
            go.wait(10)
        return item

    results = results_ahead(range(50), work, threads=1, ahead=20, name="t")
    assert next(results) == 0
    threading.Timer(0.1, go.set).start()
    results.close()
    assert len(begun) <= 2

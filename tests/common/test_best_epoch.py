import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.common.best_epoch import BestEpoch, best_epoch


@given(st.lists(st.floats(allow_nan=True, allow_infinity=False), min_size=1, max_size=12))
def test_the_first_of_the_lowest_numbers_wins(values):
    numbers = [value for value in values if not math.isnan(value)]
    by_epoch = dict(enumerate(values, start=1))
    assert best_epoch(by_epoch) == (values.index(min(numbers)) + 1 if numbers else 0)
    assert best_epoch(by_epoch, "max") == (values.index(max(numbers)) + 1 if numbers else 0)


def test_it_goes_on_from_its_state():
    best = BestEpoch("max")
    assert [best.update(k, value) for k, value in enumerate([1, 3, 3, 2], 1)] == [1, 1, 0, 0]
    again = BestEpoch("max")
    again.load_state(best.state())
    assert (again.epoch, again.value) == (2, 3)
    again.load_state({})
    assert again.epoch == 2
    with pytest.raises(ValueError, match="mode must be"):
        BestEpoch("median")

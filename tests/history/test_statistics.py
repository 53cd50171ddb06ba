"""Statistics and histograms of arrays that are hard on floating point."""

import math

import numpy as np
import pytest

from src.history.statistics import (
    BLOCK,
    LARGEST,
    SMALLEST,
    array_histogram,
    array_statistics,
    fraction_of_zeros,
)
from src.history.summaries import histogram_value


@pytest.mark.parametrize("size", [1000, 3 * BLOCK + 5])
@pytest.mark.parametrize("ratio", [1e-6, 1e-9, 1e-12])
def test_a_standard_deviation_far_below_the_mean_is_right(rng, size, ratio):
    array = -1.0 + ratio * rng.normal(size=size)
    found = array_statistics(array)
    exact = np.longdouble(array)
    assert found["std"] == pytest.approx(float(exact.std()), rel=1e-3)
    assert found["mean"] == pytest.approx(float(exact.mean()), rel=1e-15)


def test_blocks_whose_means_differ_are_joined():
    array = np.repeat([0.0, 1.0, 5.0, -2.0], [BLOCK, BLOCK, BLOCK, 9])
    found = array_statistics(array)
    assert found["mean"] == pytest.approx(array.mean(), rel=1e-14)
    assert found["std"] == pytest.approx(array.std(), rel=1e-14)
    assert found["l2"] == pytest.approx(np.linalg.norm(array), rel=1e-14)


@pytest.mark.parametrize("value", [0.1, -1e6 / 3, 1e-30])
def test_the_standard_deviation_of_equal_values_is_that_of_their_last_bits(value):
    for size in (1000, 3 * BLOCK):
        assert array_statistics(np.full(size, value))["std"] <= np.spacing(abs(value))


@pytest.mark.parametrize("place", [0, BLOCK + 3])
def test_of_nan_every_figure_is_nan(place):
    array = np.ones(2 * BLOCK)
    array[place] = np.nan
    assert all(math.isnan(figure) for figure in array_statistics(array).values())


@pytest.mark.parametrize("infinite", [np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, BLOCK + 3])
def test_of_infinite_values_the_extremes_are_told_and_nothing_is_warned_of(infinite, place):
    array = np.ones(2 * BLOCK, np.float32)
    array[place] = infinite
    found = array_statistics(array)
    assert found["l2"] == math.inf
    assert {found["min"], found["max"]} == {1.0, infinite}
    assert math.isnan(found["std"])


def test_values_whose_squares_overflow_are_no_error():
    found = array_statistics(np.array([1e300, -1e300]))
    assert found == {"mean": 0.0, "std": np.inf, "l2": np.inf, "min": -1e300, "max": 1e300}


HARD = {
    "huge": [1e90, -1e90, 3e99],
    "huge and equal": [1e100, 1e100],
    "huge, next to each other": [1e90, np.nextafter(1e90, 2e90)],
    "next to each other": [1.0, np.nextafter(1.0, 2.0)],
    "negative, next to each other": [-1.0, np.nextafter(-1.0, -2.0)],
    "tiny": [1e-320, 2e-320],
    "tiny, and zero": [0.0, 5e-324],
    "tiny, of both signs": [-1e-305, 1e-305],
    "constant": [5.0, 5.0, 5.0],
    "constant and large": [-1e17, -1e17],
    "zero": [0.0, 0.0],
    "one": [3.0],
}


@pytest.mark.parametrize("values", HARD.values(), ids=HARD)
def test_a_histogram_counts_every_value_in_bins_that_differ(values):
    array = np.array(values)
    found = array_histogram(array)
    assert found.counts.sum() == array.size
    assert (np.diff(found.edges) > 0).all()
    assert found.edges[0] <= array.min() <= array.max() <= found.edges[-1]
    assert np.isfinite(found.counts / np.diff(found.edges)).all()  # as TensorBoard draws it
    proto = histogram_value("x", found).histo
    assert math.isfinite(proto.sum_squares)
    assert proto.num == array.size


def test_a_histogram_leaves_out_what_is_not_finite_or_beyond_the_largest():
    values = np.array([np.nan, np.inf, -np.inf, 2 * LARGEST, -2 * LARGEST, 1.0, 2.0])
    found = array_histogram(values)
    assert (found.edges[0], found.edges[-1]) == (1.0, 2.0)
    assert found.counts.sum() == pytest.approx(values.size)  # scaled up to all
    assert array_histogram(np.array([1e300, -np.inf, np.nan])) is None


def test_a_histogram_of_equal_values_is_one_wide_and_of_tiny_ones_no_narrower_than_it_may_be():
    equal = array_histogram(np.full(4, 5.0))
    assert (equal.edges[0], equal.edges[-1]) == (4.5, 5.5)
    tiny = array_histogram(np.array([1e-320, 2e-320]))
    assert tiny.edges[-1] - tiny.edges[0] >= SMALLEST


def test_the_fraction_of_zeros_is_exact():
    assert fraction_of_zeros(np.array([0.0, -0.0, 1e-320, np.nan])) == 0.5
    assert fraction_of_zeros(np.repeat([0.0, 1.0], [1, 9])) == 0.1
    assert fraction_of_zeros(np.repeat([0.0, 1.0], [9, 1])) == 0.9
    assert fraction_of_zeros(np.zeros(0)) == 0

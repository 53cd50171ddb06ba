"""Statistics of activations, and the ranges chosen from them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.classic_nn.quantization import RANGES, Statistics, choose_quantization
from src.classic_nn.quantization.ranges import entropy, percentile
from src.classic_nn.quantization.statistics import BINS
from tests.teams import on_team


def seen(*batches):
    statistics = Statistics()
    for batch in batches:
        statistics.update(np.asarray(batch, np.float32))
    return statistics


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.floats(-6, 6))
def test_counts_are_exact_however_the_reach_grows(seed, batches, exponent):
    rng = np.random.default_rng(seed)
    parts = [10.0**exponent * rng.normal(size=300) * 4.0**k for k in rng.permutation(batches)]
    statistics = seen(*parts)
    x = np.concatenate(parts).astype(np.float32)
    assert (statistics.low, statistics.high) == (x.min(), x.max())
    assert statistics.counts.sum() == len(x)
    width = 2 * statistics.reach / BINS
    edges = (np.arange(BINS + 1) - BINS / 2) * width
    expected, _ = np.histogram(x.astype(np.float64), edges)
    assert np.abs(np.cumsum(expected) - np.cumsum(statistics.counts)).max() <= 2  # at edges


@given(st.integers(0, 2**32 - 1))
def test_workers_together_see_what_one_would(seed):
    rng = np.random.default_rng(seed)
    parts = [rng.normal(size=200) * scale for scale in (0.01, 5.0, 300.0)]
    alone = seen(*parts)

    found = {}

    def work(communicator, part):
        statistics = found[communicator.rank] = seen(part.ravel())
        statistics.merge(communicator)

    on_team(3, work, np.stack(parts))
    for statistics in found.values():
        assert (statistics.low, statistics.high) == (alone.low, alone.high)
        assert statistics.reach == alone.reach
        assert np.array_equal(statistics.counts, alone.counts)


def test_one_outlier_counts_as_the_method_says(rng):
    x = rng.normal(size=(100, 2000))
    x[3, 5] = 50.0
    statistics = seen(*x)
    high = {name: method(statistics, 8, False)[1] for name, method in RANGES.items()}
    assert high["min_max"] == 50
    assert high["moving_average"] < 5
    assert high["percentile"] < 6
    assert high["entropy"] < 20
    assert high["least_squares"] <= 50


def test_percentile_cuts_off_what_it_says(rng):
    x = rng.uniform(-1, 3, size=(50, 4000))
    low, high = percentile(seen(*x), 8, False, cut_off=0.1)
    assert low == pytest.approx(-0.6, abs=0.02)
    assert high == pytest.approx(2.6, abs=0.02)


@pytest.mark.parametrize("sign", [1, -1])
def test_entropy_counts_what_is_cut_off_at_either_end(sign, rng):
    """A second heap of values, far away, must not be free to cut off."""
    x = np.concatenate([rng.normal(size=20_000), rng.normal(size=2_000) + 40]) * sign
    ends = entropy(seen(x), 8, False)
    assert max(np.abs(ends)) > 36
    assert np.sign(sum(ends)) == sign


@pytest.mark.parametrize("is_symmetric", [False, True])
def test_least_squares_has_the_least_error(is_symmetric, rng):
    x = rng.standard_t(3, size=(40, 2000)).astype(np.float32)
    statistics = seen(*x)
    errors = {}
    for name in RANGES:
        q = choose_quantization(statistics, name, 4, is_symmetric)
        errors[name] = np.square(x - q.round_trip(x)).mean()
    assert errors["least_squares"] <= 1.02 * min(errors.values())
    assert errors["least_squares"] < 0.5 * errors["min_max"]


@pytest.mark.parametrize("method", RANGES)
def test_every_method_finds_a_range_for_every_kind_of_values(method, rng):
    for x in (
        np.zeros(10),
        np.full(10, 3.0),
        -rng.random(100),
        rng.random(100),
        rng.normal(size=9),
    ):
        q = choose_quantization(seen(x), method)
        assert np.isfinite(q.round_trip(x.astype(np.float32))).all()
        assert np.abs(x - q.round_trip(x)).max() <= max(np.abs(x).max(), 1e-9) + 1e-6


def test_nothing_seen_is_no_range():
    with pytest.raises(ValueError, match="no activations were seen"):
        choose_quantization(Statistics(), "min_max")
    with pytest.raises(ValueError, match="unknown method 'kl'"):
        choose_quantization(seen([1.0]), "kl")
    with pytest.raises(ValueError, match="not finite"):
        seen([1.0, np.nan])

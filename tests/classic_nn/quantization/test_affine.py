"""The formulas of quantization: errors, ends, zero, and ranges that are none."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from src.classic_nn.quantization import (
    Quantization,
    asymmetric,
    fake_quantize,
    fake_quantize_backward,
    linear,
    symmetric,
)

bits = st.integers(2, 16)
ends = st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)).map(sorted)
fractions = hnp.arrays(np.float64, st.integers(1, 20), elements=st.floats(0, 1))


def half_a_step(bits):
    """In steps; scales are float32, which is a part of 10^7 of the largest integer."""
    return 0.5 + 2e-7 * 2**bits


@given(ends, bits, fractions)
def test_symmetric_round_trips_err_by_half_a_step(ends, bits, fractions):
    low, high = min(ends[0], 0), max(ends[1], 0)
    q = symmetric(low, high, bits)
    x = low + fractions * (high - low)
    assume(max(-low, high) > 1e-30)
    assert np.abs(x - q.dequantize(q.quantize(x))).max() <= float(q.scale) * half_a_step(bits)
    assert q.scale == pytest.approx(max(-low, high) / (2 ** (bits - 1) - 1), rel=1e-6)
    assert q.zero_point == 0
    assert np.array_equal(q.quantize(-x), -q.quantize(x).astype(np.int64))


@given(ends, bits, fractions)
def test_asymmetric_round_trips_err_by_half_a_step(ends, bits, fractions):
    low, high = min(ends[0], 0), max(ends[1], 0)
    assume(high - low > 1e-30)
    q = asymmetric(low, high, bits)
    s = float(q.scale)
    assert s == pytest.approx((high - low) / (2**bits - 1), rel=1e-6)
    assert 0 <= q.zero_point <= 2**bits - 1
    # the zero point is rounded: the range that the integers cover is moved by half a step at most
    covered = s * (q.lowest - int(q.zero_point)), s * (q.highest - int(q.zero_point))
    assert abs(covered[0] - low) <= half_a_step(bits) * s
    assert abs(covered[1] - high) <= half_a_step(bits) * s
    x = np.clip(low + fractions * (high - low), *covered)
    assert np.abs(x - q.dequantize(q.quantize(x))).max() <= half_a_step(bits) * s
    assert q.dequantize(q.quantize(np.zeros(1)))[0] == 0


@given(ends, bits, fractions)
def test_linear_form_is_exact_at_the_ends(ends, bits, fractions):
    low, high = ends
    assume(high - low > 1e-6)
    x = np.clip(low + fractions * (high - low), low, high)
    q, s = linear(x, low, high, bits)
    assert np.abs(q * s + low - x).max() <= 0.5001 * s
    (first, last), _ = linear(np.array([low, high]), low, high, bits)
    assert (first, last) == (0, 2**bits - 1)


def test_the_worked_example():
    """From -0.8 to 0.6 in 8 bits: s = 1.4 / 255 = 0.0055."""
    q = asymmetric(-0.8, 0.6, 8)
    assert float(q.scale) == pytest.approx(0.0055, abs=5e-5)
    assert int(q.zero_point) == round(0.8 / (1.4 / 255)) == 146


def test_rounding_is_half_to_even():
    q = Quantization(np.float32(1), np.int32(0), 8, signed=True)
    assert q.quantize(np.array([0.5, 1.5, 2.5, -0.5, -1.5])).tolist() == [0, 2, 2, 0, -2]


def test_what_is_beyond_is_cut_off():
    q = symmetric(-1, 1, 4)
    assert q.quantize(np.array([-9.0, 9.0])).tolist() == [-7, 7]
    q = asymmetric(-1, 1, 4)
    assert q.quantize(np.array([-9.0, 9.0])).tolist() == [0, 15]
    assert q.quantize(np.array([np.inf, -np.inf])).tolist() == [15, 0]


@pytest.mark.parametrize(
    ("low", "high", "scale", "zero_point"),
    [
        (0, 0, 1, 0),  # one value
        (3, 3, 3 / 255, 0),  # widened to hold zero
        (-3, -3, 3 / 255, 255),
        (1, 2, 2 / 255, 0),
        (-2, -1, 2 / 255, 255),
        (0, 1e-45, 1, 0),  # too small to divide by
        (-1, 3, 4 / 255, 64),
    ],
)
def test_ranges(low, high, scale, zero_point):
    q = asymmetric(low, high)
    assert float(q.scale) == pytest.approx(scale, rel=1e-6)
    assert int(q.zero_point) == zero_point
    assert np.isfinite(q.round_trip(np.array([low, high], float))).all()


@pytest.mark.parametrize("make", [symmetric, asymmetric])
def test_ranges_that_are_none_are_refused(make):
    with pytest.raises(ValueError, match="expected a range from low to high"):
        make(1, -1)
    for value in (np.nan, np.inf):
        with pytest.raises(ValueError, match="expected a range of finite numbers"):
            make(0, value)
    for number in (1, 17, 0, -3, 4.5):
        with pytest.raises(ValueError, match="bits must be"):
            make(-1, 1, number)


def test_types_hold_the_integers():
    for count, made, name in ((8, symmetric, "int8"), (8, asymmetric, "uint8")):
        assert made(-1, 1, count).quantize(np.zeros(2)).dtype == name
    assert symmetric(-1, 1, 9).quantize(np.array([-1.0, 1.0])).dtype == np.int16
    assert asymmetric(-1, 1, 16).quantize(np.array([-1.0, 1.0])).tolist() == [0, 65535]


def test_every_channel_has_its_own_scale(rng):
    w = rng.normal(size=(3, 3, 5, 4)) * [1, 10, 100, 1000]
    q = symmetric(w.min(axis=(0, 1, 2)), w.max(axis=(0, 1, 2)))
    assert q.scale.shape == (4,)
    error = np.abs(w - q.round_trip(w)).max(axis=(0, 1, 2))
    assert np.all(error <= 0.5001 * q.scale)
    together = symmetric(w.min(), w.max())
    error_together = np.abs(w - together.round_trip(w)).max(axis=(0, 1, 2))
    assert error_together[0] > 50 * error[0]  # one channel spoils the tensor


def test_fake_quantization_gives_gradients_inside_the_range_only(rng):
    q = asymmetric(-1, 2, 4)
    x = rng.uniform(-3, 4, size=(50, 3))
    y, cache = fake_quantize(x, q)
    assert np.array_equal(y, q.round_trip(x))
    assert y.dtype == x.dtype
    dy = rng.normal(size=x.shape)
    dx = fake_quantize_backward(dy, cache)
    low, high = (float(q.scale) * (end - int(q.zero_point)) for end in (q.lowest, q.highest))
    inside = (x > low - 0.49 * float(q.scale)) & (x < high + 0.49 * float(q.scale))
    outside = (x < low - 0.51 * float(q.scale)) | (x > high + 0.51 * float(q.scale))
    assert np.array_equal(dx[inside], dy[inside])
    assert not dx[outside].any()


def test_the_straight_through_gradient_is_that_of_the_stairs_smoothed(rng):
    """The mean slope over a step, as finite differences over whole steps have it."""
    q = symmetric(-1, 1, 5)
    s = float(q.scale)
    x = rng.uniform(-0.8, 0.8, 200)
    _, cache = fake_quantize(x, q)
    slope = (q.round_trip(x + 2 * s) - q.round_trip(x - 2 * s)) / (4 * s)
    assert np.allclose(slope, fake_quantize_backward(np.ones_like(x), cache), atol=1e-5)

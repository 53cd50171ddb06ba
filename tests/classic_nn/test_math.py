import math as scalar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from src.classic_nn import math
from src.classic_nn.gradient_check import check_function

# name -> (forward, backward, what the backward reads, the function of one number)
PAIRS = {
    "sigmoid": (math.sigmoid, math.sigmoid_backward, "output", lambda z: 1 / (1 + scalar.exp(-z))),
    "relu": (math.relu, math.relu_backward, "output", lambda z: max(z, 0.0)),
    "leaky_relu": (
        math.leaky_relu,
        math.leaky_relu_backward,
        "input",
        lambda z: z if z > 0 else 0.01 * z,
    ),
    "tanh": (math.tanh, math.tanh_backward, "output", scalar.tanh),
    "silu": (math.silu, math.silu_backward, "input", lambda z: z / (1 + scalar.exp(-z))),
    "relu6": (math.relu6, math.relu6_backward, "output", lambda z: min(max(z, 0.0), 6.0)),
    "hard_swish": (
        math.hard_swish,
        math.hard_swish_backward,
        "input",
        lambda z: z * min(max(z + 3, 0.0), 6.0) / 6,
    ),
    "softmax": (math.softmax, math.softmax_backward, "output", None),
}
FORWARDS = [pair[0] for pair in PAIRS.values()] + [math.softplus, math.log_softmax]


@pytest.mark.parametrize("name", PAIRS)
def test_backward_agrees_with_finite_differences(name, rng):
    forward, backward, reads, _ = PAIRS[name]

    def with_cache(z):
        y = forward(z)
        return y, (y if reads == "output" else z)

    z = rng.normal(size=(4, 5))
    z[np.abs(z) < 1e-3] += 0.1  # away from the kink
    check_function(with_cache, backward, {"z": z}, rng).raise_if_failed()


@pytest.mark.parametrize("name", [name for name in PAIRS if name != "softmax"])
@given(z=st.floats(-30, 30))
def test_values_are_those_of_the_formula(name, z):
    forward, _, _, formula = PAIRS[name]
    assert float(forward(np.array([z]))[0]) == pytest.approx(formula(z), rel=1e-12, abs=1e-300)


@given(z=arrays(np.float64, (3, 4), elements=st.floats(-50, 50)))
def test_softmax_is_a_distribution_and_log_softmax_its_logarithm(z):
    y = math.softmax(z)
    assert np.allclose(y.sum(axis=1), 1, rtol=1e-12)
    assert np.allclose(np.exp(math.log_softmax(z)), y, rtol=1e-12)
    assert np.allclose(math.softmax(z + 7), y, rtol=1e-9)


@pytest.mark.parametrize("forward", FORWARDS, ids=lambda f: f.__name__)
def test_stable_at_plus_minus_1000_in_float32(forward):
    z = np.array([[-1000, -100, 0, 100, 1000]], np.float32)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = forward(z)
    assert np.isfinite(y).all()


@pytest.mark.parametrize("name", PAIRS)
def test_gradient_stable_at_plus_minus_1000_in_float32(name):
    forward, backward, reads, _ = PAIRS[name]
    z = np.array([[-1000, -100, 0, 100, 1000]], np.float32)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        dz = backward(np.ones_like(z), forward(z) if reads == "output" else z)
    assert np.isfinite(dz).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("forward", FORWARDS, ids=lambda f: f.__name__)
def test_dtype_is_kept_and_input_untouched(forward, dtype, rng):
    z = rng.normal(size=(3, 4)).astype(dtype)
    before = z.copy()
    y = forward(z)
    assert y.dtype == dtype
    assert y.shape == z.shape
    assert np.array_equal(z, before)
    assert not np.shares_memory(y, z)


def test_slopes_at_zero_are_the_documented_ones():
    zero, one = np.zeros(1), np.ones(1)
    assert math.relu_backward(one, math.relu(zero)) == 0
    assert math.leaky_relu_backward(one, zero, slope=0.2) == 0.2


def test_every_row_has_its_own_scale():
    """With the maximum of all rows, the second would underflow to the logarithm of zero."""
    rows = math.log_softmax(np.array([[1000.0, 1000.0], [-1000.0, -1000.0]]))
    assert np.allclose(rows, -np.log(2))

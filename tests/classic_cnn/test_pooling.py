import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.classic_cnn import (
    average_pool_backward,
    average_pool_forward,
    global_average_pool_backward,
    global_average_pool_forward,
    max_pool_backward,
    max_pool_forward,
    zero_pad,
)
from src.classic_cnn.pooling.backward import (
    average_pool_backward_plain,
    max_pool_backward_plain,
)
from src.classic_cnn.pooling.forward import average_pool_forward_plain, max_pool_forward_plain
from src.classic_cnn.utils import geometry, without_padding
from src.classic_nn import check_function
from tests.classic_cnn import oracles


@st.composite
def poolings(draw, ties):
    window = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    stride = draw(st.one_of(st.none(), st.tuples(st.integers(1, 3), st.integers(1, 3))))
    padding = tuple(
        (draw(st.integers(0, size - 1)), draw(st.integers(0, size - 1))) for size in window
    )
    shape = (draw(st.integers(1, 2)), *(size + draw(st.integers(0, 4)) for size in window), 2)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    values = rng.integers(3, size=shape) if ties else rng.permutation(int(np.prod(shape)))
    return values.reshape(shape) / 2 - 3.0, (window, stride, padding), rng


@given(poolings(ties=True))
def test_max_pooling_equals_the_loops_also_with_ties(case):
    x, settings, rng = case
    y, cache = max_pool_forward(x, *settings)
    padded = zero_pad(x, cache.where.padding, -np.inf)
    assert np.array_equal(y, oracles.max_pool(padded, cache.where))
    dy = rng.normal(size=y.shape)
    padded_gradient = oracles.max_pool_gradient(
        dy, np.where(np.isinf(padded), -1e9, padded), cache.where
    )
    assert np.allclose(max_pool_backward(dy, cache), without_padding(padded_gradient, cache.where))


@given(poolings(ties=True), st.booleans())
def test_the_plain_forms_equal_the_blocked_ones(case, count_padding):
    x, settings, rng = case
    y, cache = max_pool_forward(x, *settings)
    dy = rng.normal(size=y.shape)
    assert np.array_equal(y, max_pool_forward_plain(x, cache.where))
    assert np.allclose(
        max_pool_backward(dy, cache), max_pool_backward_plain(dy, x, cache.where), atol=1e-12
    )
    x[0, 0, 0, 0] = np.nan  # is a maximum
    y, cache = max_pool_forward(x, *settings)
    assert np.array_equal(y, max_pool_forward_plain(x, cache.where), equal_nan=True)
    assert np.allclose(
        max_pool_backward(dy, cache), max_pool_backward_plain(dy, x, cache.where), atol=1e-12
    )
    x = rng.normal(size=x.shape)
    y, cache = average_pool_forward(x, *settings, count_padding)
    assert np.allclose(y, average_pool_forward_plain(x, cache.where, count_padding), atol=1e-12)
    assert np.allclose(
        average_pool_backward(dy, cache),
        average_pool_backward_plain(dy, cache.counts, cache.where, x.shape[1:3]),
        atol=1e-12,
    )


@given(poolings(ties=False))
def test_gradients_agree_with_finite_differences(case):
    x, settings, rng = case
    check_function(
        lambda x: max_pool_forward(x, *settings), max_pool_backward, {"x": x}, rng, 20
    ).raise_if_failed()
    for count_padding in (True, False):
        check_function(
            lambda x, count=count_padding: average_pool_forward(x, *settings, count),
            average_pool_backward,
            {"x": x},
            rng,
            20,
        ).raise_if_failed()


@given(poolings(ties=False))
def test_average_pooling_equals_the_loops(case):
    x, settings, rng = case
    y, cache = average_pool_forward(x, *settings)
    padded = zero_pad(x, cache.where.padding)
    expected = np.zeros_like(y)
    for n, p, q, c, window in oracles.pooling_windows(padded, cache.where):
        expected[n, p, q, c] = window.mean()
    assert np.allclose(y, expected)
    dy = rng.normal(size=y.shape)
    gradient = oracles.average_pool_gradient(dy, padded, cache.where)
    assert np.allclose(average_pool_backward(dy, cache), without_padding(gradient, cache.where))


def test_padding_that_does_not_count_leaves_the_mean_of_ones_at_one():
    y, _ = average_pool_forward(np.ones((1, 4, 4, 1)), 3, 1, 1, count_padding=False)
    assert (y == 1).all()
    y, _ = average_pool_forward(np.ones((1, 4, 4, 1)), 3, 1, 1)
    assert y[0, 0, 0, 0] == pytest.approx(4 / 9)


def test_global_average_pooling(rng):
    check_function(
        global_average_pool_forward,
        global_average_pool_backward,
        {"x": rng.normal(size=(2, 3, 4, 5))},
        rng,
    ).raise_if_failed()


def test_a_border_as_wide_as_the_window_is_refused():
    with pytest.raises(ValueError, match="must be less than the window"):
        max_pool_forward(np.ones((1, 4, 4, 1)), 2, 2, 2)


def test_a_nan_is_a_maximum_and_gets_the_gradient():
    x = np.array([[1.0, np.nan], [3.0, 2.0]]).reshape(1, 2, 2, 1)
    y, cache = max_pool_forward(x)
    assert np.isnan(y).all()
    assert max_pool_backward(np.ones_like(y), cache)[0, :, :, 0].tolist() == [[0, 1], [0, 0]]


def test_an_infinite_gradient_stays_at_its_maximum():
    x = np.arange(4.0).reshape(1, 2, 2, 1)
    y, cache = max_pool_forward(x)
    dx = max_pool_backward(np.full_like(y, np.inf), cache)
    assert dx[0, :, :, 0].tolist() == [[0, 0], [0, np.inf]]


@pytest.mark.parametrize("size", range(1, 12))
@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (2, 2), (1, 3), (2, 3), (2, 5)])
def test_windows_that_are_completed_are_those_of_pytorchs_ceil_mode(size, kernel, stride):
    """Rounded up, but for a last window that would begin in the padding."""
    if size < kernel:
        return
    expected = -(-(size - kernel) // stride) + 1
    expected -= (expected - 1) * stride >= size
    where = geometry((size, size), (kernel, kernel), stride, "ceil")
    assert where.output == (expected, expected)
    assert where.padding[0][0] == 0


@pytest.mark.parametrize("padding", [0, ((1, 1), (0, 1)), "ceil"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_windows_with_holes(padding, dtype, rng):
    x = rng.normal(size=(2, 9, 8, 3)).astype(dtype)
    settings = (2, (2, 1), padding)
    y, cache = max_pool_forward(x, *settings, dilation=(3, 2))
    assert cache.where.output == geometry((9, 8), (2, 2), (2, 1), padding, (3, 2)).output
    assert np.array_equal(y, max_pool_forward_plain(x, cache.where))
    dy = rng.normal(size=y.shape).astype(dtype)
    plain = max_pool_backward_plain(dy, x, cache.where)
    assert np.allclose(max_pool_backward(dy, cache), plain, atol=1e-6)
    for count_padding in (True, False):
        y, cache = average_pool_forward(x, *settings, count_padding, dilation=(3, 2))
        plain = average_pool_forward_plain(x, cache.where, count_padding)
        assert np.allclose(y, plain, atol=1e-6)
        plain = average_pool_backward_plain(dy, cache.counts, cache.where, (9, 8))
        assert np.allclose(average_pool_backward(dy, cache), plain, atol=1e-6)

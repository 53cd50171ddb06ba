import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.classic_cnn import conv_backward, conv_forward
from src.classic_cnn.multi_output import (
    multi_output_geometry,
    multi_output_kernel,
    multi_output_kernel_backward,
    outputs_at_once,
)
from src.classic_cnn.utils import geometry
from tests.classic_cnn import oracles


@given(t=st.sampled_from([1, 2, 4]), seed=st.integers(0, 99))
def test_a_wide_kernel_computes_several_outputs_at_once(t, seed):
    rng = np.random.default_rng(seed)
    w = rng.normal(size=(3, 3, 2, 5))
    padded = rng.normal(size=(2, 6, 10, 2))
    where = geometry(padded.shape[1:3], (3, 3), 1, 0)
    wide = np.zeros((3, 3 + t - 1, 2, t, 5))  # widened by hand: moved by one for each output
    for k in range(t):
        wide[:, k : k + 3, :, k] = w
    assert np.array_equal(multi_output_kernel(w, t), wide.reshape(*wide.shape[:3], t * 5))
    y = oracles.convolution(padded, multi_output_kernel(w, t), multi_output_geometry(where, t), 1)
    expected = oracles.convolution(padded, w, where, 1)
    assert np.allclose(y.reshape(expected.shape), expected)


def test_narrowing_is_the_transpose_of_widening(rng):
    w, dwide = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(2, 6, 4, 20))
    assert np.vdot(multi_output_kernel(w, 4), dwide) == pytest.approx(
        np.vdot(w, multi_output_kernel_backward(dwide, 4))
    )


def test_only_where_windows_overlap_along_a_row_and_values_are_few():
    def at_once(kernel, stride=1, dilation=1, channels=3, filters=16, width=16):
        where = geometry((16, width), kernel, stride, "same", dilation)
        return outputs_at_once(where, channels, filters)

    assert at_once((3, 3)) == 4
    assert at_once((3, 3), channels=16) == 2
    assert at_once((3, 3), width=6) == 2
    assert at_once((3, 3), width=7) == 1
    for plain in (
        at_once((3, 3), channels=64),
        at_once((3, 3), filters=64),
        at_once((3, 1)),
        at_once((3, 3), stride=2),
        at_once((3, 3), dilation=2),
    ):
        assert plain == 1


@pytest.mark.parametrize(("channels", "filters"), [(1, 8), (3, 16), (16, 16), (2, 5)])
def test_convolutions_of_few_channels_equal_the_loops(channels, filters, rng):
    x, w = rng.normal(size=(2, 6, 8, channels)), rng.normal(size=(3, 3, channels, filters))
    where = geometry((6, 8), (3, 3), 1, 1)
    assert outputs_at_once(where, channels, filters) > 1
    y, cache = conv_forward(x, w, padding=1)
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    assert np.allclose(y, oracles.convolution(padded, w, where, 1), rtol=1e-10, atol=1e-10)
    dy, direction = rng.normal(size=y.shape), rng.normal(size=w.shape)
    for input_gradient in (True, False):  # dw comes from windows of dy, or of x
        _, dw, _ = conv_backward(dy, cache, input_gradient=input_gradient)
        change = conv_forward(x, direction, padding=1)[0]  # y is linear in w
        assert np.vdot(dw, direction) == pytest.approx(np.vdot(dy, change))

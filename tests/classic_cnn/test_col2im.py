import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from src.classic_cnn.blocks import blocks
from src.classic_cnn.col2im import col2im
from src.classic_cnn.utils import geometry, windows, zero_pad


@given(
    size=st.tuples(st.integers(3, 9), st.integers(3, 9)),
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    dilation=st.integers(1, 2),
    padding=st.integers(0, 2),
    row_bytes=st.sampled_from([8, 10**6]),
    seed=st.integers(0, 99),
)
def test_adding_windows_is_the_transpose_of_taking_them(
    size, kernel, stride, dilation, padding, row_bytes, seed
):
    try:
        where = geometry(size, kernel, stride, padding, dilation)
    except ValueError:
        assume(False)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, *size, 2))
    taken = windows(zero_pad(x, padding), where)
    dwindows = rng.normal(size=taken.shape)
    dx = np.zeros_like(x)
    for samples, rows in blocks(3, where, row_bytes):
        col2im(dwindows[samples, rows], where, dx, samples, rows)
    assert np.vdot(dx, x) == pytest.approx(np.vdot(dwindows, taken))

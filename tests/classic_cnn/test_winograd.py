"""Winograd's convolution: its plain form, its matrices, and when it is used."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.classic_cnn import winograd
from src.classic_cnn.backward import conv_backward_plain
from src.classic_cnn.forward import conv_forward_plain
from src.classic_cnn.utils import geometry
from src.classic_cnn.winograd import (
    winograd_backward_plain,
    winograd_forward_plain,
    winograd_matrices,
)


@st.composite
def convolutions(draw):
    height, width = draw(st.integers(3, 11)), draw(st.integers(3, 11))
    padding = draw(
        st.one_of(
            st.sampled_from(["same", "valid"]),
            st.tuples(*[st.tuples(st.integers(0, 3), st.integers(0, 3))] * 2),
        )
    )
    shape = (draw(st.integers(1, 2)), height, width, draw(st.integers(1, 3)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    where = geometry((height, width), (3, 3), 1, padding)
    w = rng.normal(size=(3, 3, shape[3], draw(st.integers(1, 4))))
    return rng.normal(size=shape), w, where, rng.normal(size=(shape[0], *where.output, w.shape[3]))


@given(convolutions())
def test_the_plain_form_is_the_convolution(case):
    x, w, where, dy = case
    expected = conv_forward_plain(x, w, np.zeros(w.shape[3]), where)
    assert np.allclose(winograd_forward_plain(x, w, where), expected, atol=1e-11)
    dx, dw, _ = conv_backward_plain(dy, x, w, where)
    for found, gradient in zip(winograd_backward_plain(dy, x, w, where), (dx, dw), strict=True):
        assert np.allclose(found, gradient, atol=1e-10)


@given(st.lists(st.integers(-40, 40), min_size=5, max_size=5, unique=True))
def test_any_points_that_differ_give_the_same_outputs(twentieths):
    points = tuple(number / 20 for number in sorted(twentieths))
    BT, G, AT = winograd_matrices(points)
    rng = np.random.default_rng(0)
    row, kernel = rng.normal(size=6), rng.normal(size=3)
    expected = [row[k : k + 3] @ kernel for k in range(4)]
    assert np.allclose(AT @ ((G @ kernel) * (BT @ row)), expected, rtol=1e-6, atol=1e-6)


def test_the_matrices_that_are_compiled_are_exact_in_single_precision():
    for matrix in (winograd.BT, winograd.AT):
        assert np.array_equal(matrix, matrix.astype(np.float32))


def errors(points, rng):
    """Largest error of y in float32, relative to the largest y, for a row of 4 outputs."""
    BT, G, AT = (matrix.astype(np.float32) for matrix in winograd_matrices(points))
    d, g = rng.normal(size=(6, 6, 64, 200)), rng.normal(size=(3, 3, 64, 1)) / 24
    exact = np.array(
        [[(d[i : i + 3, j : j + 3] * g).sum(axis=(0, 1, 2)) for j in range(4)] for i in range(4)]
    )
    d, g = d.astype(np.float32), g.astype(np.float32)
    V, U = (
        np.einsum("ia,abcn,jb->ijcn", matrix, array, matrix) for matrix, array in ((BT, d), (G, g))
    )
    y = np.einsum("ai,ijcn,bj->abn", AT, V * U, AT)
    return np.abs(y - exact).max() / np.abs(exact).max()


def test_the_points_err_less_than_the_usual_ones(rng):
    assert errors(winograd.POINTS, rng) < 0.6 * errors((0.0, 1.0, -1.0, 2.0, -2.0), rng)


class TestLoops:
    """What needs Numba."""

    @pytest.fixture(autouse=True)
    def _numba(self):
        pytest.importorskip("numba", reason="needs the extra: fast")

    def test_they_use_the_same_numbers(self):
        from src.classic_cnn import winograd_loops as loops

        assert (loops.TILE, loops.SEEN) == (winograd.TILE, winograd.SEEN)
        for name in ("BT", "G", "AT"):
            assert np.array_equal(getattr(loops, name), getattr(winograd, name))

    @given(
        case=convolutions(), block=st.sampled_from([0, 1 << 20]), relu=st.sampled_from([None, 1])
    )
    def test_they_equal_the_plain_form_in_any_number_of_blocks(self, case, block, relu):
        from src.classic_cnn import winograd_loops as loops

        x, w, where, dy = case
        b = np.arange(w.shape[3]) / 4
        y, dw, dx = np.empty_like(dy), np.empty_like(w), np.empty_like(x)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loops, "BLOCK_BYTES", block)
            loops.winograd_forward(x, w, b, where, y, relu)
            loops.winograd_backward(dy, x, w, where, dw, dx)
        expected = winograd_forward_plain(x, w, where) + b
        assert np.allclose(y, expected if relu is None else expected.clip(0, relu), atol=1e-11)
        for found, gradient in zip((dx, dw), winograd_backward_plain(dy, x, w, where), strict=True):
            assert np.allclose(found, gradient, atol=1e-10)

    @pytest.mark.parametrize(
        ("samples", "size", "channels", "settings", "pays"),
        [
            (8, 16, (16, 16), {}, True),
            (8, 16, (15, 16), {}, False),  # the data are moved for too few channels
            (32, 2, (512, 512), {}, False),  # tiles hang over the image's edge
            (8, 7, (512, 512), {}, True),
            (1, 4, (64, 64), {}, False),  # the kernel's transform takes longer than the products
            (8, 16, (16, 16), {"stride": 2}, False),
            (8, 16, (16, 16), {"dilation": 2}, False),
            (8, 16, (16, 16), {"kernel": (5, 5)}, False),
        ],
    )
    def test_where_they_are_used(self, samples, size, channels, settings, pays):
        from src.classic_cnn.winograd_loops import winograd_pays

        kernel = settings.get("kernel", (3, 3))
        where = geometry(
            (size, size), kernel, settings.get("stride", 1), "same", settings.get("dilation", 1)
        )
        x, w = np.empty((samples, size, size, channels[0])), np.empty((*kernel, *channels))
        assert winograd_pays(x, w, where) is pays

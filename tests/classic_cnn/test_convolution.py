import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.classic_cnn import conv_backward, conv_forward, zero_pad
from src.classic_cnn.backward import conv_backward_plain
from src.classic_cnn.blocks import BUFFER, FEWEST_ROWS, blocks
from src.classic_cnn.depthwise import depthwise_backward_plain, depthwise_forward_plain
from src.classic_cnn.forward import conv_forward_plain, group_slices, is_depthwise
from src.classic_cnn.utils import geometry
from src.classic_nn import check_function
from tests.classic_cnn import oracles

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
sides = st.tuples(st.integers(0, 4), st.integers(0, 4))


@st.composite
def convolutions(draw):
    """Settings of a convolution that has an output: (x, w, settings, seeded generator)."""
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    channels, filters = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    kernel, stride, dilation = draw(pairs), draw(pairs), draw(pairs)
    padding = draw(
        st.one_of(st.sampled_from(["valid", "same", "same_tf"]), st.tuples(sides, sides))
    )
    effective = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    size = [draw(st.integers(e, e + 4)) for e in effective]
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    x = rng.normal(size=(draw(st.integers(1, 2)), *size, channels))
    w = rng.normal(size=(*kernel, channels // groups, filters))
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return x, w, settings, rng


@given(convolutions())
def test_forward_equals_the_loops(case):
    x, w, settings, rng = case
    b = rng.normal(size=w.shape[3])
    y, cache = conv_forward(x, w, b, **settings)
    padded = zero_pad(x, cache.where.padding)
    expected = oracles.convolution(padded, w, cache.where, settings["groups"]) + b
    assert np.allclose(y, expected, rtol=1e-10, atol=1e-10)


@given(convolutions())
def test_the_plain_forms_equal_the_blocked_ones(case):
    """Group by group, and for depthwise convolutions their own plain form as well."""
    x, w, settings, rng = case
    b = rng.normal(size=w.shape[3])
    y, cache = conv_forward(x, w, b, **settings)
    dy = rng.normal(size=y.shape)
    dx, dw, db = conv_backward(dy, cache)
    for channels, filters in group_slices(settings["groups"], x.shape[3], w.shape[3]):
        of_group, kernel = x[..., channels], w[..., filters]
        plain = conv_forward_plain(of_group, kernel, b[filters], cache.where)
        assert np.allclose(y[..., filters], plain, rtol=1e-10, atol=1e-10)
        found = (dx[..., channels], dw[..., filters], db[filters])
        wanted = conv_backward_plain(dy[..., filters], of_group, kernel, cache.where)
        for ours, formula in zip(found, wanted, strict=True):
            assert np.allclose(ours, formula, rtol=1e-10, atol=1e-10)
    if is_depthwise(w, settings["groups"]):
        plain = depthwise_forward_plain(x, w, cache.where)
        assert np.allclose(y, plain + b, rtol=1e-10, atol=1e-10)
        for ours, formula in zip(
            (dx, dw), depthwise_backward_plain(dy, x, w, cache.where), strict=True
        ):
            assert np.allclose(ours, formula, rtol=1e-10, atol=1e-10)


@given(convolutions())
def test_gradients_agree_with_finite_differences(case):
    x, w, settings, rng = case
    check_function(
        lambda x, w, b: conv_forward(x, w, b, **settings),
        conv_backward,
        {"x": x, "w": w, "b": rng.normal(size=w.shape[3])},
        rng,
        max_elements=10,
    ).raise_if_failed()


@pytest.mark.parametrize(
    ("image", "kernel", "stride", "padding", "sides", "output"),
    [
        ((5, 5), (3, 3), 1, "valid", ((0, 0), (0, 0)), (3, 3)),
        ((5, 5), (3, 3), 1, "same", ((1, 1), (1, 1)), (5, 5)),
        ((5, 5), (2, 4), 1, "same", ((0, 1), (1, 2)), (5, 5)),
        # the two rules differ with a stride on an even image
        ((224, 224), (3, 3), 2, "same", ((1, 1), (1, 1)), (112, 112)),
        ((224, 224), (3, 3), 2, "same_tf", ((0, 1), (0, 1)), (112, 112)),
        ((7, 7), (3, 3), 2, "same_tf", ((1, 1), (1, 1)), (4, 4)),
        ((6, 6), (1, 1), 4, "same_tf", ((0, 0), (0, 0)), (2, 2)),
        ((8, 8), (1, 7), 1, (0, 3), ((0, 0), (3, 3)), (8, 8)),
        ((8, 8), (3, 3), (1, 2), ((1, 0), (0, 2)), ((1, 0), (0, 2)), (7, 4)),
    ],
)
def test_padding_rules(image, kernel, stride, padding, sides, output):
    where = geometry(image, kernel, stride, padding)
    assert where.padding == sides
    assert where.output == output


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"padding": "smae"}, "unknown padding 'smae': did you mean 'same'"),
        ({"padding": -1}, "padding must be 0 or more"),
        ({"stride": 0}, r"stride and dilation must be 1 or more, got kernel \(3, 3\), stride \(0"),
        ({"dilation": 3}, "image of 5 x 5 pixels .* is smaller than a kernel of 3 x 3"),
        ({"groups": 3}, "4 channels in 3 groups need a kernel"),
        ({"groups": 2}, r"got \(3, 3, 4, 2\)"),
    ],
)
def test_impossible_settings_are_explained(settings, message):
    with pytest.raises(ValueError, match=message):
        conv_forward(np.ones((1, 5, 5, 4)), np.ones((3, 3, 4, 2)), **settings)


@given(
    samples=st.integers(0, 5),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    row_bytes=st.sampled_from([4, 4000, 10**5, 10**8]),
)
def test_blocks_cover_every_output_position_once(samples, height, width, row_bytes):
    where = geometry((height, width), (1, 1), 1, 0)
    seen = np.zeros((samples, height, width), int)
    for which, rows in blocks(samples, where, row_bytes):
        part = seen[which, rows]
        part += 1
        assert part.size * row_bytes <= max(BUFFER, max(FEWEST_ROWS, width) * row_bytes)
    assert (seen == 1).all()


@pytest.mark.parametrize("groups", [1, 2, 8])
@pytest.mark.parametrize("stride", [1, 2])
def test_float32_is_kept_and_inputs_are_untouched(groups, stride, rng):
    x = rng.normal(size=(2, 9, 9, 8)).astype(np.float32)
    w = rng.normal(size=(3, 3, 8 // groups, 8)).astype(np.float32)
    before = x.copy(), w.copy()
    y, cache = conv_forward(x, w, w[0, 0, 0], stride, "same", groups=groups)
    dy = np.ones_like(y)
    dx, dw, db = conv_backward(dy, cache)
    assert {a.dtype for a in (y, dx, dw, db)} == {np.dtype(np.float32)}
    assert np.array_equal(x, before[0])
    assert np.array_equal(w, before[1])
    assert (dy == 1).all()
    for output in (y, dx, dw, db):
        assert not any(np.shares_memory(output, given) for given in (x, w, dy))


def test_memory_stays_far_below_the_matrix_of_all_windows(rng):
    """The windows of this mini-batch would take 9 times the input: 75 MB."""
    x = rng.normal(size=(16, 64, 64, 32)).astype(np.float32)
    w = rng.normal(size=(3, 3, 32, 32)).astype(np.float32)
    tracemalloc.start()
    y, cache = conv_forward(x, w, padding="same")
    _, forward_peak = tracemalloc.get_traced_memory()
    conv_backward(y, cache)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert cache.x is x  # nothing of the size of the mini-batch is kept
    sample = 66 * 66 * 32 * x.itemsize  # one padded sample
    assert forward_peak < y.nbytes + sample + 2 * BUFFER
    assert peak < y.nbytes + x.nbytes + sample + 3 * BUFFER  # y and dx


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_whole_numbers_are_refused_not_wrapped(groups):
    images = np.full((1, 4, 4, 4), 200, np.uint8)
    with pytest.raises(ValueError, match=r"expected floating-point images .* of uint8"):
        conv_forward(images, np.ones((3, 3, 4 // groups, 4)), groups=groups)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pointwise_windows_that_lie_in_the_border_see_zeros(size, rng):
    """As many outputs as pixels, a kernel of one: still not the image itself."""
    x, w = rng.normal(size=(2, size, size, 2)), rng.normal(size=(1, 1, 2, 3))
    padding = ((size, 0), (0, 0))
    y, cache = conv_forward(x, w, stride=(2, 1), padding=padding)
    assert y.shape[1:3] == (size, size)
    padded = zero_pad(x, padding)
    assert np.allclose(y, oracles.convolution(padded, w, cache.where, 1), rtol=1e-10, atol=1e-10)
    assert not y[:, 0].any()
    dx, _, _ = conv_backward(np.ones_like(y), cache)
    assert np.allclose(dx.any(axis=(0, 2, 3)), [(row + size) % 2 == 0 for row in range(size)])

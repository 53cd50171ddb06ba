"""Bilinear resizing, against loops over the output's pixels."""

import numpy as np
import pytest

from src.classic_cnn.layers import Resize2D
from src.classic_cnn.resizing import interpolation_matrix, resize_backward, resize_forward


def by_loops(x, size):
    samples, height, width, channels = x.shape
    y = np.zeros((samples, *size, channels))
    for i in range(size[0]):
        for j in range(size[1]):
            across = [(i, height, size[0]), (j, width, size[1])]
            near = []
            for k, length, wanted in across:
                place = min(max((k + 0.5) * length / wanted - 0.5, 0), length - 1)
                low = int(np.floor(place))
                high = min(low + 1, length - 1)
                near.append([(low, 1 - (place - low)), (high, place - low)])
            for row, of_row in near[0]:
                for column, of_column in near[1]:
                    y[:, i, j] += of_row * of_column * x[:, row, column]
    return y


@pytest.mark.parametrize("size", [(3, 4), (6, 8), (7, 5), (2, 2), (1, 1), (3, 9)])
def test_values_are_those_of_the_four_nearest(rng, size):
    x = rng.normal(size=(2, 3, 4, 2))
    y, _ = resize_forward(x, size)
    assert np.allclose(y, by_loops(x, size), atol=1e-12)


@pytest.mark.parametrize("length", [1, 2, 5])
@pytest.mark.parametrize("wanted", [1, 3, 8])
def test_a_constant_stays_constant(length, wanted):
    assert np.allclose(interpolation_matrix(length, wanted, np.dtype("f8")).sum(axis=1), 1)


def test_backward_is_the_transposed_map(rng):
    x, dy = rng.normal(size=(2, 3, 4, 2)), rng.normal(size=(2, 5, 7, 2))
    y, cache = resize_forward(x, (5, 7))
    assert np.isclose((y * dy).sum(), (x * resize_backward(dy, cache)).sum())


def test_the_type_stays_and_the_input_too(rng):
    x = rng.normal(size=(1, 2, 2, 1)).astype(np.float32)
    before = x.copy()
    y, _ = resize_forward(x, (2, 2))
    assert y.dtype == np.float32
    assert (x == before).all()
    assert not np.shares_memory(x, y)


def test_it_is_pytorch_s(rng):
    torch = pytest.importorskip("torch", reason="needs classic-nn[torch]")
    x = rng.normal(size=(2, 5, 6, 3))
    for size in ((10, 12), (3, 4), (7, 7)):
        images = torch.tensor(x).permute(0, 3, 1, 2)
        for mode, more in (("linear", {"align_corners": False}), ("nearest", {})):
            theirs = torch.nn.functional.interpolate(
                images, size, mode="bilinear" if mode == "linear" else mode, **more
            )
            ours, _ = resize_forward(x, size, mode)
            assert np.allclose(ours, theirs.permute(0, 2, 3, 1), atol=1e-12)


def test_the_nearest_value_and_modes():
    x = np.arange(3.0).reshape(1, 3, 1, 1)
    y, _ = resize_forward(x, (7, 1), "nearest")
    assert y.ravel().tolist() == [0, 0, 0, 1, 1, 2, 2]
    with pytest.raises(ValueError, match="unknown mode 'cubic'"):
        Resize2D(3, "cubic")

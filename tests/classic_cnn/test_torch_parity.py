"""The same numbers as PyTorch: convolution and pooling, forward and all gradients.

Skipped without the extra ``torch``.
"""

import itertools

import numpy as np
import pytest

from src.classic_cnn import (
    average_pool_backward,
    average_pool_forward,
    conv_backward,
    conv_forward,
    max_pool_backward,
    max_pool_forward,
)

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
F = torch.nn.functional
TOLERANCE = {np.float64: 1e-10, np.float32: 1e-5}


def to_torch(images):
    """(N, H, W, C) -> a leaf (N, C, H, W)."""
    return torch.tensor(images.transpose(0, 3, 1, 2).copy(), requires_grad=True)


def to_numpy(tensor):
    return tensor.detach().numpy().transpose(0, 2, 3, 1)


def assert_close(ours, theirs, dtype):
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= TOLERANCE[dtype] * max(1e-300, np.abs(theirs).max())


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (5, 5), (7, 7), (1, 7), (7, 1), (2, 4)])
def test_convolution(kernel, dtype, rng):
    """Strides, dilations, paddings wider than the kernel, groups, depthwise with multiplier."""
    cases = itertools.product([1, 2, (2, 1)], [1, 2], [0, 1, (2, 3), 8], [(1, 4), (2, 6), (4, 8)])
    for stride, dilation, padding, (groups, filters) in cases:
        x = rng.normal(size=(2, 15, 14, 4)).astype(dtype)
        w = rng.normal(size=(*kernel, 4 // groups, filters)).astype(dtype)
        b = rng.normal(size=filters).astype(dtype)
        tx, tw = to_torch(x), torch.tensor(w.transpose(3, 2, 0, 1).copy(), requires_grad=True)
        tb = torch.tensor(b, requires_grad=True)
        settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        theirs = F.conv2d(tx, tw, tb, **settings)
        y, cache = conv_forward(x, w, b, **settings)
        assert_close(y, to_numpy(theirs), dtype)
        dy = rng.normal(size=y.shape).astype(dtype)
        theirs.backward(torch.tensor(dy.transpose(0, 3, 1, 2).copy()))
        dx, dw, db = conv_backward(dy, cache)
        assert_close(dx, to_numpy(tx.grad), dtype)
        assert_close(dw, tw.grad.numpy().transpose(2, 3, 1, 0), dtype)
        assert_close(db, tb.grad.numpy(), dtype)


@pytest.mark.filterwarnings("ignore:Using padding=.same. with even kernel lengths:UserWarning")
@pytest.mark.parametrize("kernel", [(3, 3), (2, 4), (1, 5)])
def test_same_padding(kernel, rng):
    x, w = rng.normal(size=(1, 9, 8, 2)), rng.normal(size=(*kernel, 2, 3))
    theirs = F.conv2d(to_torch(x), torch.tensor(w.transpose(3, 2, 0, 1).copy()), padding="same")
    assert_close(conv_forward(x, w, padding="same")[0], to_numpy(theirs), np.float64)


POOLINGS = {
    "max": (max_pool_forward, max_pool_backward, F.max_pool2d, {}),
    "average": (average_pool_forward, average_pool_backward, F.avg_pool2d, {}),
    "average without padding": (
        lambda *settings: average_pool_forward(*settings, count_padding=False),
        average_pool_backward,
        F.avg_pool2d,
        {"count_include_pad": False},
    ),
}


@pytest.mark.parametrize("name", POOLINGS)
@pytest.mark.parametrize("ties", [False, True])
def test_pooling(name, ties, rng):
    forward, backward, theirs, settings = POOLINGS[name]
    for window, stride, padding in [(2, 2, 0), (3, 2, 1), (3, 1, 1), ((2, 3), (1, 2), (1, 0))]:
        x = rng.normal(size=(2, 9, 8, 3))
        x = np.round(x) if ties else x
        tx = to_torch(x)
        expected = theirs(tx, window, stride, padding, **settings)
        y, cache = forward(x, window, stride, padding)
        assert_close(y, to_numpy(expected), np.float64)
        dy = rng.normal(size=y.shape)
        expected.backward(torch.tensor(dy.transpose(0, 3, 1, 2).copy()))
        assert_close(backward(dy, cache), to_numpy(tx.grad), np.float64)

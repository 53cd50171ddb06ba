"""Gradients and biases of a wrong shape are refused: loops do not check bounds."""

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
from src.classic_nn.batch_norm import batch_norm_backward, batch_norm_forward

X = np.ones((2, 16, 16, 16), np.float32)


@pytest.mark.parametrize("shape", [(2, 9, 9, 16), (2, 8, 7, 16), (2, 8, 8)])
@pytest.mark.parametrize(
    ("forward", "backward"),
    [(max_pool_forward, max_pool_backward), (average_pool_forward, average_pool_backward)],
)
def test_pooling(forward, backward, shape):
    _, cache = forward(X)
    with pytest.raises(ValueError, match="expected dy of the output's shape"):
        backward(np.ones(shape, np.float32), cache)


@pytest.mark.parametrize("shape", [(1, 8, 8, 16), (2, 8, 8, 17), (2, 8, 8, 1)])
def test_max_pooling_also_by_samples_and_channels(shape):
    _, cache = max_pool_forward(X)
    with pytest.raises(ValueError, match="expected dy of the output's shape"):
        max_pool_backward(np.ones(shape, np.float32), cache)


@pytest.mark.parametrize("shape", [(1, 16, 16, 16), (2, 8, 16, 16), (2, 16, 16, 1)])
def test_batch_norm(shape):
    _, cache, _, _ = batch_norm_forward(X, np.ones(16, "f"), np.ones(16, "f"))
    with pytest.raises(ValueError, match="expected dy of the input's shape"):
        batch_norm_backward(np.ones(shape, np.float32), cache)


@pytest.mark.parametrize(("kernel", "groups"), [(3, 1), (3, 16), (1, 1), (5, 4)])
def test_convolution(kernel, groups):
    w = np.ones((kernel, kernel, 16 // groups, 16), np.float32)
    for filters in (1, 8, 17):
        with pytest.raises(ValueError, match=r"expected b of shape \(16,\), got"):
            conv_forward(X, w, np.ones(filters, np.float32), 1, "same", 1, groups)
    _, cache = conv_forward(X, w, None, 1, "same", 1, groups)
    for shape in ((2, 16, 15, 16), (1, 16, 16, 16), (2, 16, 16, 17)):
        with pytest.raises(ValueError, match="expected dy of the output's shape"):
            conv_backward(np.ones(shape, np.float32), cache)

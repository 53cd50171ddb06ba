"""Activation functions and their derivatives, stable for any finite input.

Each function maps an array of any shape to one of the same shape and keeps its dtype. The
backward of a function takes the upstream gradient ``dy`` and whichever of the input ``z`` or the
output ``y`` makes the derivative shortest; its name says which one. ``softmax`` works along the
last axis, all others element by element.

Stability: the exponential is only ever taken of a number that is not positive, so nothing
overflows in float32, however large the input (Goodfellow et al., Deep Learning, section 4.1).
"""

import numpy as np

from src.classic_nn.array_types import Array
from src.common.kernels import operation

SMALL = 1 << 13
"""Values below which NumPy's passes stay in the first-level cache, and calling takes the time."""


@operation("src.classic_nn.math_loops", SMALL, elementwise=True)
def sigmoid(z: Array) -> Array:
    """y = 1 / (1 + exp(-z)), the logistic function.

    For z < 0 it is computed as exp(z) / (1 + exp(z)), the same number without overflow.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def sigmoid_backward(dy: Array, y: Array) -> Array:
    """dz = dy * y * (1 - y), from the output y = sigmoid(z)."""
    return dy * y * (1 - y)


def softplus(z: Array) -> Array:
    """y = log(1 + exp(z)) = max(z, 0) + log(1 + exp(-abs(z))); its derivative is the sigmoid."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def relu(z: Array) -> Array:
    """y = max(z, 0) (Nair and Hinton 2010)."""
    return np.maximum(z, 0)


@operation("src.classic_nn.math_loops", SMALL, elementwise=True)
def relu_backward(dy: Array, y: Array) -> Array:
    """dz = dy where y > 0, else 0: the slope at z = 0 is taken as 0, as PyTorch does."""
    return dy * (y > 0).astype(dy.dtype)  # float times float is faster than float times bool


@operation("src.classic_nn.math_loops", SMALL, elementwise=True)
def leaky_relu(z: Array, slope: float = 0.01) -> Array:
    """y = z where z > 0, else slope * z (Maas et al. 2013)."""
    return np.where(z > 0, z, slope * z)


@operation("src.classic_nn.math_loops", SMALL, elementwise=True)
def leaky_relu_backward(dy: Array, z: Array, slope: float = 0.01) -> Array:
    """dz = dy where z > 0, else slope * dy, from the input z; at z = 0 the slope is ``slope``."""
    return np.where(z > 0, dy, slope * dy)


def tanh(z: Array) -> Array:
    """y = tanh(z)."""
    return np.tanh(z)


def tanh_backward(dy: Array, y: Array) -> Array:
    """dz = dy * (1 - y^2), from the output y = tanh(z)."""
    return dy * (1 - y * y)


@operation("src.classic_nn.math_loops", SMALL, elementwise=True)
def silu(z: Array) -> Array:
    """y = z * sigmoid(z), also called swish (Ramachandran et al. 2017, with beta = 1)."""
    return z * sigmoid(z)


@operation("src.classic_nn.math_loops", SMALL, elementwise=True)
def silu_backward(dy: Array, z: Array) -> Array:
    """dz = dy * s * (1 + z * (1 - s)) with s = sigmoid(z), from the input z."""
    s = sigmoid(z)
    return dy * s * (1 + z * (1 - s))


def relu6(z: Array) -> Array:
    """y = min(max(z, 0), 6) (Howard et al. 2017): an activation that fits few bits."""
    return np.clip(z, 0, 6)


@operation("src.classic_nn.math_loops", SMALL, elementwise=True)
def relu6_backward(dy: Array, y: Array) -> Array:
    """dz = dy where 0 < y < 6, else 0: the slope at both kinks is taken as 0, as PyTorch does."""
    return dy * ((y > 0) & (y < 6)).astype(dy.dtype)


def through_relu(dy: Array, y: Array, ceiling: float) -> Array:
    """dz = dy where 0 < y < ceiling, else 0: backward of a ReLU (ceiling inf) or ReLU6."""
    return relu_backward(dy, y) * (y < ceiling).astype(dy.dtype)


@operation("src.classic_nn.math_loops", SMALL, elementwise=True)
def hard_swish(z: Array) -> Array:
    """y = z * relu6(z + 3) / 6 (Howard et al. 2019, section 5.2): SiLU in straight pieces."""
    return z * relu6(z + 3) / 6


@operation("src.classic_nn.math_loops", SMALL, elementwise=True)
def hard_swish_backward(dy: Array, z: Array) -> Array:
    """dz = dy * (2 z + 3) / 6 where -3 < z < 3, 0 below and dy above, from the input z.

    At the kinks, -3 and 3, the slope is that of the outer piece, as PyTorch's.
    """
    return dy * np.where(np.abs(z) < 3, (2 * z + 3) / 6, z > 0).astype(dy.dtype)


def softmax(z: Array) -> Array:
    """y_k = exp(z_k) / sum_j exp(z_j) along the last axis.

    The largest z of each row is subtracted first; the quotient does not change.

    >>> softmax(np.array([[1000.0, 1000.0]]))
    array([[0.5, 0.5]])
    """
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_backward(dy: Array, y: Array) -> Array:
    """dz_k = y_k * (dy_k - sum_j dy_j y_j), from the output y = softmax(z).

    The Jacobian is diag(y) - y y^T; this is its product with dy, without building it.
    """
    return y * (dy - (dy * y).sum(axis=-1, keepdims=True))


def log_softmax(z: Array) -> Array:
    """log(softmax(z)) along the last axis, finite where the softmax itself rounds to zero."""
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))

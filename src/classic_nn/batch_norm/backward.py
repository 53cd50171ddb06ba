"""Backward pass of batch normalization: the long chain and the closed form.

``batch_norm_backward_by_steps`` walks the numbered steps of the forward pass in reverse, one
derivative per line, and is there to be read. ``batch_norm_backward`` is what remains after the
terms are collected; layers use it. The tests hold the two equal.
"""

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.batch_norm.forward import BatchNormCache, normalize
from src.classic_nn.channelwise import channelwise, feature_sum, repeated, row_blocks
from src.classic_nn.communicator import SOLO, Communicator
from src.classic_nn.math import through_relu
from src.common.kernels import operation


def batch_norm_backward_by_steps(dy: Array, cache: BatchNormCache) -> tuple[Array, Array, Array]:
    """dx (..., features), dgamma, dbeta (features,): the forward steps in reverse (one worker)."""
    x, mean, gamma, r, n, *_ = cache
    axes = tuple(range(dy.ndim - 1))
    x_c = x - mean
    x_hat = x_c * r
    # 6. y = gamma * x_hat + beta
    dbeta = dy.sum(axis=axes)
    dgamma = (dy * x_hat).sum(axis=axes)
    dx_hat = dy * gamma
    # 5. x_hat = x_c * r
    dx_c = dx_hat * r
    dr = (dx_hat * x_c).sum(axis=axes)
    # 4. r = (var + epsilon)^(-1/2), so dr/dvar = -1/2 * (var + epsilon)^(-3/2) = -r^3 / 2
    dvar = dr * -0.5 * r**3
    # 3. var = sum(x_c^2) / n
    dx_c = dx_c + dvar * 2 * x_c / n
    # 2. x_c = x - mu
    dx = dx_c
    dmu = -dx_c.sum(axis=axes)
    # 1. mu = sum(x) / n
    dx = dx + dmu / n
    return dx, dgamma, dbeta


def batch_norm_backward(
    dy: Array, cache: BatchNormCache, communicator: Communicator = SOLO
) -> tuple[Array, Array, Array]:
    """Gradients in closed form (Ioffe and Szegedy 2015, section 3, terms collected).

        dbeta  = sum(dy)
        dgamma = sum(dy * x_hat)
        dx     = gamma * r * (dy - sum(dy) / n - x_hat * sum(dy * x_hat) / n)

    The second and third term of dx are there because the mean and the variance depend on every
    sample: dx has no component along 1 nor along x_hat.

    Args:
        dy: (..., features), upstream gradient for this worker's shard.
        cache: of ``batch_norm_forward``.
        communicator: sums over the workers that share the mini-batch.

    Returns:
        dx (..., features), dgamma (features,), dbeta (features,); the last two are the sums over
        this worker's shard, like every other parameter gradient of a worker.
    """
    values = cache.values
    if dy.shape != cache.x.shape:
        raise ValueError(f"expected dy of the input's shape {cache.x.shape}, got {dy.shape}")
    dbeta, dgamma = gradient_sums(dy, *values)
    sum_dy, sum_dy_x_hat = communicator.all_reduce(np.stack([dbeta, dgamma]))
    # x_hat = (x - mean) * r, so the bracket above is dy + (x - mean) * slope + shift
    slope = cache.inverse_std * sum_dy_x_hat / -cache.positions
    shift = sum_dy / -cache.positions
    return input_gradient(dy, *values, slope, shift), dgamma, dbeta


@operation("src.classic_nn.batch_norm.backward_loops")
def gradient_sums(
    dy: Array,
    x: Array,
    mean: Array,
    inverse_std: Array,
    gamma: Array,
    relu_beta: Array | None,
    ceiling: float,
) -> tuple[Array, Array]:
    """dbeta = sum(dy) and dgamma = sum(dy * x_hat) over this worker's shard, (features,) each.

    The other arguments are those of ``BatchNormCache``.
    """
    if relu_beta is not None:
        dy = _before_relu(dy, x, mean, inverse_std, gamma, relu_beta, ceiling)
    rows, upstream = channelwise(x), channelwise(dy)
    means, total = repeated(mean, rows), np.zeros(rows.shape[1], dy.dtype)
    for block in row_blocks(rows):
        total += np.einsum("rw,rw->w", upstream[block], rows[block] - means)
    return feature_sum(dy), inverse_std * total.reshape(-1, len(mean)).sum(axis=0)


@operation("src.classic_nn.batch_norm.backward_loops")
def input_gradient(
    dy: Array,
    x: Array,
    mean: Array,
    inverse_std: Array,
    gamma: Array,
    relu_beta: Array | None,
    ceiling: float,
    slope: Array,
    shift: Array,
) -> Array:
    """dx = gamma * r * (dy + (x - mean) * slope + shift), block by block; slope, shift (features,).

    The bracket is computed as dy + x * slope + (shift - mean * slope). Where the mean is thousands
    of standard deviations away this loses digits, fewer than PyTorch does.
    """
    if relu_beta is not None:
        dy = _before_relu(dy, x, mean, inverse_std, gamma, relu_beta, ceiling)
    rows, upstream = channelwise(x), channelwise(dy)
    slopes, shifts, scales = (
        repeated(v, rows) for v in (slope, shift - mean * slope, gamma * inverse_std)
    )
    dx = np.empty_like(upstream)
    for block in row_blocks(rows):
        part = np.multiply(rows[block], slopes, out=dx[block])
        part += upstream[block]
        part += shifts
        part *= scales
    return dx.reshape(dy.shape)


def _before_relu(
    dy: Array,
    x: Array,
    mean: Array,
    inverse_std: Array,
    gamma: Array,
    relu_beta: Array,
    ceiling: float,
) -> Array:
    """The gradient before the ReLU that the forward pass applied."""
    return through_relu(dy, normalize(x, mean, inverse_std, gamma, relu_beta), ceiling)


def batch_norm_inference_backward(dy: Array, cache: BatchNormCache) -> tuple[Array, Array, Array]:
    """Gradients where the statistics were constants: dx = gamma * r * dy.

    Takes the cache of ``batch_norm_inference``; shapes as in ``batch_norm_backward``.
    """
    dx = batch_norm_inference_input_gradient(dy, cache)
    dbeta, dgamma = gradient_sums(dy, *cache.values)
    return dx, dgamma, dbeta


def batch_norm_inference_input_gradient(dy: Array, cache: BatchNormCache) -> Array:
    """dx = gamma * r * dy alone; see ``batch_norm_inference_backward``."""
    x, mean, inverse_std, gamma, relu_beta, ceiling = cache.values
    if dy.shape != x.shape:
        raise ValueError(f"expected dy of the input's shape {x.shape}, got {dy.shape}")
    if relu_beta is not None:
        dy = _before_relu(dy, x, mean, inverse_std, gamma, relu_beta, ceiling)
    return gamma * inverse_std * dy

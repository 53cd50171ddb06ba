"""Backward pass of batch normalization: the long chain and the closed form.

``batch_norm_backward_by_steps`` walks the numbered steps of the forward pass in reverse, one
derivative a line, and is there to be read. ``batch_norm_backward`` is what remains after the
terms are collected; layers use it. The tests hold the two equal.
"""

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.batch_norm.forward import BatchNormCache
from src.classic_nn.communicator import SOLO, Communicator
from src.classic_nn.wide_rows import feature_dot, feature_sum, repeated, wide_rows


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
        dy: (..., features), upstream gradient for this worker's share.
        cache: of ``batch_norm_forward``.
        communicator: sums over the workers that share the mini-batch.

    Returns:
        dx (..., features), dgamma (features,), dbeta (features,); the last two are the sums over
        this worker's share, like every other parameter gradient of a worker.
    """
    centered, gamma, r, n = cache
    dbeta = feature_sum(dy)
    dgamma = r * feature_dot(dy, centered)  # x_hat = x_c * r, here and below
    sum_dy, sum_dy_x_hat = communicator.all_reduce(np.stack([dbeta, dgamma]))
    rows, x_c = wide_rows(dy), wide_rows(centered)
    dx = x_c * repeated(r * sum_dy_x_hat / -n, rows)
    dx += rows
    dx -= repeated(sum_dy / n, rows)
    dx *= repeated(gamma * r, rows)
    return dx.reshape(dy.shape), dgamma, dbeta


def batch_norm_inference_backward(dy: Array, cache: BatchNormCache) -> tuple[Array, Array, Array]:
    """Gradients where the statistics were constants: dx = gamma * r * dy.

    Takes the cache of ``batch_norm_inference``; shapes as in ``batch_norm_backward``.
    """
    centered, gamma, r, _ = cache
    return gamma * r * dy, r * feature_dot(dy, centered), feature_sum(dy)


def batch_norm_backward_by_steps(dy: Array, cache: BatchNormCache) -> tuple[Array, Array, Array]:
    """The same gradients, step by step in the reverse order of the forward pass (one worker)."""
    x_c, gamma, r, n = cache
    axes = tuple(range(dy.ndim - 1))
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

"""Batch normalization, forward, as loops over rows of positions and their channels.

The statistics take one pass over memory: block by block, while a block is in the cache, first its
mean, then its squared deviations from that; blocks are joined as Chan, Golub and LeVeque (1979) do.
With the mean m and the sum S of squared deviations of n rows so far, and m', S' of k further ones,

    m <- m + (m' - m) k / (n + k)
    S <- S + S' + (m' - m)^2 n k / (n + k)

Sums by blocks are also more exact: a long sum in single precision loses what it adds last.

A ReLU that follows costs nothing here: it is applied to a number that is in a register already.
"""

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.channelwise import LOOP_WIDTH, channelwise, repeated
from src.common.loops import Matrix, Number, Vector, contiguous, loop, relu_ends

BLOCK = 1 << 13
"""Values of a block: 32 KiB in float32, which the first-level cache keeps for the second look."""


@loop
def statistics_loop(
    x: Matrix, block_mean: Vector, block_sum: Vector, mean: Vector, deviations: Vector
) -> None:
    """Mean and sum of squared deviations of every column of x."""
    rows, width = x.shape
    block = max(BLOCK // width, 1)
    for c in range(width):
        mean[c] = 0
        deviations[c] = 0
    for first in range(0, rows, block):
        last = min(first + block, rows)
        for c in range(width):
            block_mean[c] = 0
            block_sum[c] = 0
        for r in range(first, last):
            for c in range(width):
                block_mean[c] += x[r, c]
        count = x.dtype.type(last - first)
        fraction = count / x.dtype.type(last)
        between = fraction * x.dtype.type(first)
        for c in range(width):
            block_mean[c] /= count
            apart = block_mean[c] - mean[c]
            mean[c] += apart * fraction
            deviations[c] += apart * apart * between
        for r in range(first, last):
            for c in range(width):
                centered = x[r, c] - block_mean[c]
                block_sum[c] += centered * centered
        for c in range(width):
            deviations[c] += block_sum[c]


@loop
def normalize_loop(
    x: Matrix, mean: Vector, scale: Vector, beta: Vector, lowest: Number, highest: Number, y: Matrix
) -> None:
    """y = (x - mean) * scale + beta between lowest and highest; a NaN stays one."""
    for r in range(x.shape[0]):
        for c in range(x.shape[1]):
            z = (x[r, c] - mean[c]) * scale[c] + beta[c]
            z = lowest if z <= lowest else z
            y[r, c] = highest if z >= highest else z


def shard_statistics(x: Array) -> tuple[Array, Array]:
    """See ``forward.shard_statistics``."""
    (x,) = contiguous(x)
    features = x.shape[-1]
    rows = channelwise(x, LOOP_WIDTH)
    block_mean, block_sum, mean, deviations = np.empty((4, rows.shape[1]), x.dtype)
    statistics_loop(rows, block_mean, block_sum, mean, deviations)
    # a row has several positions side by side: their statistics are joined likewise
    means = mean.reshape(-1, features)
    own_mean = means.mean(axis=0)
    apart = ((means - own_mean) ** 2).sum(axis=0) * x.dtype.type(len(rows))
    return own_mean, deviations.reshape(means.shape).sum(axis=0) + apart


def normalize(
    x: Array, mean: Array, inverse_std: Array, gamma: Array, beta: Array, relu: float | None = None
) -> Array:
    """See ``forward.normalize``."""
    (x,) = contiguous(x)
    rows = channelwise(x, LOOP_WIDTH)
    vectors = [repeated(v, rows) for v in (mean, inverse_std * gamma, beta)]
    y = np.empty_like(rows)
    normalize_loop(rows, *vectors, *relu_ends(x.dtype, relu), y)
    return y.reshape(x.shape)

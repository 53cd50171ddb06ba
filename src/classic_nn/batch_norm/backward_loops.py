"""Batch normalization, backward, as loops over rows of positions and their channels.

Two passes over memory: the sums that dx depends on, then dx. Where a ReLU follows, its gradient is
part of both: dy counts where 0 < (x - mean) * scale + beta < ceiling (6 for a ReLU6), which is
computed again from x and so need not be kept.
"""

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.channelwise import LOOP_WIDTH, channelwise, repeated
from src.common.loops import Matrix, Number, Vector, contiguous, loop, numbers

ROWS = 128
"""Rows of a block of a sum: a long sum in single precision loses what it adds last."""


@loop
def sums_loop(
    dy: Matrix,
    x: Matrix,
    mean: Vector,
    block_dy: Vector,
    block_dy_x: Vector,
    sum_dy: Vector,
    sum_dy_x: Vector,
) -> None:
    """Sums of dy and of dy * (x - mean) over the rows, added up by blocks of rows."""
    rows, width = x.shape
    for c in range(width):
        sum_dy[c] = 0
        sum_dy_x[c] = 0
    for first in range(0, rows, ROWS):
        for c in range(width):
            block_dy[c] = 0
            block_dy_x[c] = 0
        for r in range(first, min(first + ROWS, rows)):
            for c in range(width):
                block_dy[c] += dy[r, c]
                block_dy_x[c] += dy[r, c] * (x[r, c] - mean[c])
        for c in range(width):
            sum_dy[c] += block_dy[c]
            sum_dy_x[c] += block_dy_x[c]


@loop
def relu_sums_loop(
    dy: Matrix,
    x: Matrix,
    mean: Vector,
    scale: Vector,
    beta: Vector,
    zero: Number,
    ceiling: Number,
    block_dy: Vector,
    block_dy_x: Vector,
    sum_dy: Vector,
    sum_dy_x: Vector,
) -> None:
    """The same through a ReLU."""
    rows, width = x.shape
    for c in range(width):
        sum_dy[c] = 0
        sum_dy_x[c] = 0
    for first in range(0, rows, ROWS):
        for c in range(width):
            block_dy[c] = 0
            block_dy_x[c] = 0
        for r in range(first, min(first + ROWS, rows)):
            for c in range(width):
                centered = x[r, c] - mean[c]
                z = centered * scale[c] + beta[c]
                dz = dy[r, c] if zero < z and z < ceiling else zero
                block_dy[c] += dz
                block_dy_x[c] += dz * centered
        for c in range(width):
            sum_dy[c] += block_dy[c]
            sum_dy_x[c] += block_dy_x[c]


@loop
def input_gradient_loop(
    dy: Matrix, x: Matrix, mean: Vector, scale: Vector, slope: Vector, shift: Vector, dx: Matrix
) -> None:
    """dx = scale * dy + slope * (x - mean) + shift."""
    for r in range(x.shape[0]):
        for c in range(x.shape[1]):
            dx[r, c] = scale[c] * dy[r, c] + slope[c] * (x[r, c] - mean[c]) + shift[c]


@loop
def relu_input_gradient_loop(
    dy: Matrix,
    x: Matrix,
    mean: Vector,
    scale: Vector,
    slope: Vector,
    shift: Vector,
    beta: Vector,
    zero: Number,
    ceiling: Number,
    dx: Matrix,
) -> None:
    """The same through a ReLU."""
    for r in range(x.shape[0]):
        for c in range(x.shape[1]):
            centered = x[r, c] - mean[c]
            z = centered * scale[c] + beta[c]
            dz = dy[r, c] if zero < z and z < ceiling else zero
            dx[r, c] = scale[c] * dz + slope[c] * centered + shift[c]


def gradient_sums(
    dy: Array,
    x: Array,
    mean: Array,
    inverse_std: Array,
    gamma: Array,
    relu_beta: Array | None,
    ceiling: float,
) -> tuple[Array, Array]:
    """See ``backward.gradient_sums``."""
    dy, x = contiguous(dy, x)
    rows, upstream = channelwise(x, LOOP_WIDTH), channelwise(dy, LOOP_WIDTH)
    sums = [*np.empty((4, rows.shape[1]), x.dtype)]
    means = repeated(mean, rows)
    if relu_beta is None:
        sums_loop(upstream, rows, means, *sums)
    else:
        scale, beta = repeated(inverse_std * gamma, rows), repeated(relu_beta, rows)
        relu_sums_loop(upstream, rows, means, scale, beta, *numbers(x.dtype, 0, ceiling), *sums)
    dbeta, centered = (s.reshape(-1, len(mean)).sum(axis=0) for s in sums[2:])
    return dbeta, centered * inverse_std


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
    """See ``backward.input_gradient``."""
    dy, x = contiguous(dy, x)
    rows, upstream = channelwise(x, LOOP_WIDTH), channelwise(dy, LOOP_WIDTH)
    scale = inverse_std * gamma
    vectors = [repeated(v, rows) for v in (mean, scale, scale * slope, scale * shift)]
    dx = np.empty_like(rows)
    if relu_beta is None:
        input_gradient_loop(upstream, rows, *vectors, dx)
    else:
        beta = repeated(relu_beta, rows)
        relu_input_gradient_loop(upstream, rows, *vectors, beta, *numbers(x.dtype, 0, ceiling), dx)
    return dx.reshape(x.shape)

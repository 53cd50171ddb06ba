"""Bias and ReLU as loops: both in one pass, forward and backward."""

import math

import numpy as np

from src.classic_cnn import bias
from src.classic_nn.array_types import Array
from src.classic_nn.channelwise import LOOP_WIDTH, channelwise, repeated
from src.common.kernels import numpy_form
from src.common.loops import Matrix, Number, Vector, contiguous, loop, numbers, relu_ends

ROWS = 128
"""Rows of a block of a sum: a long sum in single precision loses what it adds last."""


@loop
def add_bias_loop(y: Matrix, b: Vector, lowest: Number, highest: Number) -> None:
    """y = y + b between lowest and highest, for every row; a NaN stays one."""
    for r in range(y.shape[0]):
        for f in range(y.shape[1]):
            z = y[r, f] + b[f]
            z = lowest if z <= lowest else z
            y[r, f] = highest if z >= highest else z


@loop
def bias_relu_backward_loop(
    dy: Matrix, y: Matrix, zero: Number, ceiling: Number, dz: Matrix, block: Vector, db: Vector
) -> None:
    """dz = dy where 0 < y < ceiling, and db = sum of its rows, added up by blocks of rows."""
    rows, width = dy.shape
    for f in range(width):
        db[f] = 0
    for first in range(0, rows, ROWS):
        for f in range(width):
            block[f] = 0
        for r in range(first, min(first + ROWS, rows)):
            for f in range(width):
                d = dy[r, f] if zero < y[r, f] and y[r, f] < ceiling else zero
                dz[r, f] = d
                block[f] += d
        for f in range(width):
            db[f] += block[f]


def add_bias(y: Array, b: Array | None, relu: float | None = None) -> None:
    """See ``bias.add_bias``."""
    if not y.flags.carray or y.size == 0:
        numpy_form(bias.add_bias)(y, b, relu)
        return
    rows = channelwise(y, LOOP_WIDTH)
    row_of_biases = np.zeros(rows.shape[1], y.dtype) if b is None else repeated(b, rows)
    add_bias_loop(rows, row_of_biases, *relu_ends(y.dtype, relu))


def bias_backward(
    dy: Array, db: Array | None, y: Array | None = None, ceiling: float = math.inf
) -> Array:
    """See ``bias.bias_backward``."""
    if y is None:
        return numpy_form(bias.bias_backward)(dy, db)
    dy, y = contiguous(dy, y)
    rows = channelwise(dy, LOOP_WIDTH)
    dz, (block, sums) = np.empty_like(rows), np.empty((2, rows.shape[1]), dy.dtype)
    ends = numbers(dy.dtype, 0, ceiling)
    bias_relu_backward_loop(rows, channelwise(y, LOOP_WIDTH), *ends, dz, block, sums)
    if db is not None:
        np.sum(sums.reshape(-1, len(db)), axis=0, out=db)
    return dz.reshape(dy.shape)

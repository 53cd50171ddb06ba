"""Bias, multiplier, rounding and both ends as loops: one pass."""

import numpy as np

from src.classic_cnn.quantized import rounding
from src.classic_nn.array_types import Array
from src.classic_nn.channelwise import LOOP_WIDTH, channelwise, repeated
from src.common.kernels import numpy_form
from src.common.loops import Matrix, Number, Vector, loop, numbers


@loop
def round_sums_loop(y: Matrix, b: Vector, m: Vector, low: Number, high: Number) -> None:
    """y = clamp( round( (y + b) m ) ), for every row."""
    for r in range(y.shape[0]):
        for f in range(y.shape[1]):
            q = np.rint((y[r, f] + b[f]) * m[f])
            q = low if q < low else q
            y[r, f] = high if q > high else q


@loop
def round_clamped_loop(y: Vector, low: Number, high: Number) -> None:
    """y = clamp( round(y) )."""
    for k in range(len(y)):
        q = np.rint(y[k])
        q = low if q < low else q
        y[k] = high if q > high else q


def round_sums(y: Array, b: Array, m: Array, low: float, high: float) -> None:
    """See ``rounding.round_sums``."""
    if not y.flags.carray or y.size == 0:
        numpy_form(rounding.round_sums)(y, b, m, low, high)
        return
    rows = channelwise(y, LOOP_WIDTH)
    ends = numbers(y.dtype, low, high)
    round_sums_loop(rows, repeated(b, rows), repeated(m, rows), *ends)


def round_clamped(y: Array, low: float, high: float) -> None:
    """See ``rounding.round_clamped``."""
    if not y.flags.carray:
        numpy_form(rounding.round_clamped)(y, low, high)
        return
    round_clamped_loop(y.reshape(-1), *numbers(y.dtype, low, high))

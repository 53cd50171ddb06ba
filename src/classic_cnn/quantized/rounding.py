"""From sums to integers: what follows the products in every layer of integers."""

import numpy as np

from src.classic_nn.array_types import Array
from src.common.kernels import operation


@operation("src.classic_cnn.quantized.rounding_loops")
def round_sums(y: Array, b: Array, m: Array, low: float, high: float) -> None:
    """y = clamp( round( (y + b) m ) ), in place; half to even.

    Args:
        y: (..., filters), sums.
        b: (filters,), integers of the bias.
        m: (filters,), multipliers.
        low, high: the ends.
    """
    y += b
    y *= m
    np.rint(y, out=y)
    np.clip(y, y.dtype.type(low), y.dtype.type(high), out=y)


@operation("src.classic_cnn.quantized.rounding_loops")
def round_clamped(y: Array, low: float, high: float) -> None:
    """y = clamp( round(y) ), in place; half to even."""
    np.rint(y, out=y)
    np.clip(y, y.dtype.type(low), y.dtype.type(high), out=y)

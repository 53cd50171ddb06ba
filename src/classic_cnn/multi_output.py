"""Several neighbouring outputs at once, where a window has few values.

The windows of two neighbouring outputs overlap in all but one column. Taken together they take
KW + 1 columns instead of 2 KW, and the product of both is one product with a kernel that holds
the filters twice, the second time moved by one column, with zeros in between:

    1 output   [w0 w1 w2]         2 outputs   [w0 w1 w2  0]   -> first
                                              [ 0 w0 w1 w2]   -> second

So t outputs are a convolution of stride t with a kernel of KW + t - 1 columns and t times the
filters; its output has the same memory layout. It multiplies by some zeros, but copies less, and
matrix products with more columns run faster: worth it for few channels and few filters.
"""

import numpy as np

from src.classic_cnn.utils import Geometry
from src.classic_nn.array_types import Array

MOST_FILTERS, MOST_CHANNELS = 64, 32
"""Filters and channels up to which this pays, times the number of outputs (measured on
3 x 3 kernels from 1 to 64 channels and 16 to 64 filters)."""


def outputs_at_once(where: Geometry, channels: int, filters: int) -> int:
    """How many neighbouring outputs to compute together; 1 where it does not pay."""
    if where.kernel[1] < 3 or where.stride[1] > 1 or where.dilation[1] > 1:
        return 1
    t = 1
    while (
        where.output[1] % (2 * t) == 0
        and 2 * t * filters <= MOST_FILTERS
        and 2 * t * channels <= MOST_CHANNELS
    ):
        t *= 2
    return t


def multi_output_geometry(where: Geometry, t: int) -> Geometry:
    """Geometry of the convolution that computes t neighbouring outputs at each position."""
    (kh, kw), (height, width) = where.kernel, where.output
    return where._replace(
        kernel=(kh, kw + t - 1),
        stride=(where.stride[0], where.stride[1] * t),
        output=(height, width // t),
    )


def multi_output_kernel(w: Array, t: int) -> Array:
    """w (KH, KW, channels, filters) -> (KH, KW + t - 1, channels, t * filters)."""
    if t == 1:
        return w
    kh, kw, channels, filters = w.shape
    wide = np.zeros((kh, kw + t - 1, channels, t, filters), w.dtype)
    for k in range(t):
        wide[:, k : k + kw, :, k] = w
    return wide.reshape(kh, kw + t - 1, channels, t * filters)


def multi_output_kernel_backward(wide: Array, t: int) -> Array:
    """Backward of ``multi_output_kernel``: a weight's gradient is the sum over its copies."""
    if t == 1:
        return wide
    kh, columns, channels, filters = wide.shape
    places = wide.reshape(kh, columns, channels, t, filters // t)
    total = places[:, : columns - t + 1, :, 0].copy()
    for k in range(1, t):
        total += places[:, k : k + columns - t + 1, :, k]
    return total

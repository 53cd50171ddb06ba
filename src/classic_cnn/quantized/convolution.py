"""Convolution of integers, exact, by the float32 convolution of ``forward.py``.

    y = sum over window and channels of x w         x, w integers, zero points already taken away

Float32 holds every integer up to 2^24, so a sum of products is exact, in whatever order, if

    largest |x| * (largest sum of |w| of a filter) <= 2^24

Where that could be more, channels are taken in parts for which it holds, and the parts are added as
int32. Padding adds nothing: the zero point is 0 here. Winograd's convolution is no sum of these
products, and is not used.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_cnn import forward
from src.classic_cnn.depthwise import depthwise_forward
from src.classic_cnn.forward import group_slices, is_depthwise
from src.classic_cnn.utils import Geometry
from src.classic_nn.array_types import Array
from src.common.kernels import numpy_form


def integer_convolution(
    x: Array, w: Array, where: Geometry, groups: int, parts: list[slice]
) -> NDArray[Any]:
    """Exact sums of products.

    Args:
        x: (samples, height, width, channels), float32 that holds integers.
        w: (KH, KW, channels / groups, filters), likewise.
        where: geometry.
        groups: of channels and filters.
        parts: of the channels, see ``exact_parts``.

    Returns:
        y (samples, OH, OW, filters): float32, or int32 where float32 could not hold it.
    """
    if is_depthwise(w, groups):
        y = np.empty((len(x), *where.output, w.shape[3]), x.dtype)
        depthwise_forward(x, w, None, where, y)
        return y
    if len(parts) == 1:
        return _convolve(x, w, where, groups)
    total = np.zeros((len(x), *where.output, w.shape[3]), np.int32)
    own = x.reshape(*x.shape[:3], groups, -1)
    for part in parts:
        block = np.ascontiguousarray(own[..., part]).reshape(*x.shape[:3], -1)
        total += _convolve(block, w[:, :, part], where, groups).astype(np.int32)
    return total


def _convolve(x: Array, w: Array, where: Geometry, groups: int) -> Array:
    """Convolution in NumPy's form: windows times kernel."""
    y = np.empty((len(x), *where.output, w.shape[3]), x.dtype)
    for channels, filters in group_slices(groups, x.shape[3], w.shape[3]):
        convolve = numpy_form(forward.convolve)
        convolve(x[..., channels], w[..., filters], None, where, y[..., filters])
    return y

"""Convolution of integers, exact, by the float32 convolution of ``forward.py``.

    y = sum over window and channels of x w         x, w integers, zero points already taken away

Float32 holds every integer up to 2^24, so a sum of products is exact, in whatever order, if

    largest |x| * (largest sum of |w| of a filter) <= 2^24

Where that could be more, channels are taken in parts for which it holds, and the parts are added as
int32. Padding adds nothing: the zero point is 0 here. Winograd's convolution is no sum of these
products, and is not used.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_cnn.depthwise import depthwise_forward
from src.classic_cnn.forward import group_slices, is_depthwise, products
from src.classic_cnn.utils import Geometry
from src.classic_nn.array_types import Array


def integer_convolution(
    x: Array,
    w: Array,
    where: Geometry,
    groups: int,
    parts: list[slice],
    finish: Callable[[NDArray[Any]], None] | None = None,
) -> NDArray[Any]:
    """Exact sums of products.

    Args:
        x: (samples, height, width, channels), float32 that holds integers.
        w: (KH, KW, channels / groups, filters), likewise.
        where: geometry.
        groups: of channels and filters.
        parts: of the channels, see ``exact_parts``.
        finish: is given the sums (..., filters) and changes them in place: block by block, while
            they are in the cache, where there is one group; only for sums in one part.

    Returns:
        y (samples, OH, OW, filters): float32, or int32 where float32 could not hold it.
    """
    if len(parts) > 1:
        return _in_parts(x, w, where, groups, parts)
    y = np.empty((len(x), *where.output, w.shape[3]), x.dtype)
    if groups == 1:
        for block in products(x, w, where, y):
            if finish is not None:
                finish(block)
        return y
    if is_depthwise(w, groups):
        depthwise_forward(x, w, None, where, y)
    else:
        for channels, filters in group_slices(groups, x.shape[3], w.shape[3]):
            for _ in products(x[..., channels], w[..., filters], where, y[..., filters]):
                pass
    if finish is not None:
        finish(y)
    return y


def _in_parts(
    x: Array, w: Array, where: Geometry, groups: int, parts: list[slice]
) -> NDArray[np.int32]:
    """The sums of each part of the channels, added as int32."""
    total = np.zeros((len(x), *where.output, w.shape[3]), np.int32)
    own = x.reshape(*x.shape[:3], groups, -1)
    whole = [slice(0, w.shape[2])]
    for part in parts:
        block = np.ascontiguousarray(own[..., part]).reshape(*x.shape[:3], -1)
        total += integer_convolution(block, w[:, :, part], where, groups, whole).astype(np.int32)
    return total

"""Pooling, forward, as the loops of the formula: over windows, their elements, and channels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_cnn.pooling import forward
from src.classic_cnn.pooling.forward import winner_type
from src.classic_cnn.utils import Geometry
from src.classic_nn.array_types import Array
from src.common.kernels import numpy_form
from src.common.loops import Array4, Bytes4, Matrix, Whole, contiguous, loop

WITHOUT_HOLES = (1, 1)
"""Dilation of windows that the loops are made for; the others are rare, and left to NumPy."""


@loop
def maxima_loop(
    x: Array4,
    kh: Whole,
    kw: Whole,
    sy: Whole,
    sx: Whole,
    top: Whole,
    left: Whole,
    y: Array4,
    winner: Bytes4,
) -> None:
    """y and winner; of equal values the first wins, and a NaN wins over everything."""
    height, width, channels = x.shape[1:]
    for n in range(y.shape[0]):
        for p in range(y.shape[1]):
            for q in range(y.shape[2]):
                r, s = p * sy - top, q * sx - left
                first = True
                for i in range(max(-r, 0), min(kh, height - r)):
                    for j in range(max(-s, 0), min(kw, width - s)):
                        k = np.uint8(i * kw + j)
                        if first:
                            for c in range(channels):
                                y[n, p, q, c] = x[n, r + i, s + j, c]
                                winner[n, p, q, c] = k
                            first = False
                        else:
                            for c in range(channels):
                                best, value = y[n, p, q, c], x[n, r + i, s + j, c]
                                better = not value <= best and best == best
                                y[n, p, q, c] = value if better else best
                                winner[n, p, q, c] = k if better else winner[n, p, q, c]


@loop
def maxima_2x2_loop(x: Array4, y: Array4, winner: Bytes4) -> None:
    """The same for windows of 2 x 2 that lie side by side, each in one step."""
    for n in range(y.shape[0]):
        for p in range(y.shape[1]):
            for q in range(y.shape[2]):
                for c in range(y.shape[3]):
                    best, k = x[n, 2 * p, 2 * q, c], np.uint8(0)
                    value = x[n, 2 * p, 2 * q + 1, c]
                    if not value <= best and best == best:
                        best, k = value, np.uint8(1)
                    value = x[n, 2 * p + 1, 2 * q, c]
                    if not value <= best and best == best:
                        best, k = value, np.uint8(2)
                    value = x[n, 2 * p + 1, 2 * q + 1, c]
                    if not value <= best and best == best:
                        best, k = value, np.uint8(3)
                    y[n, p, q, c] = best
                    winner[n, p, q, c] = k


@loop
def means_loop(
    x: Array4,
    counts: Matrix,
    kh: Whole,
    kw: Whole,
    sy: Whole,
    sx: Whole,
    top: Whole,
    left: Whole,
    y: Array4,
) -> None:
    """y = sum of the window's elements inside the image, divided by its count."""
    height, width, channels = x.shape[1:]
    for n in range(y.shape[0]):
        for p in range(y.shape[1]):
            for q in range(y.shape[2]):
                r, s = p * sy - top, q * sx - left
                for c in range(channels):
                    y[n, p, q, c] = 0
                for i in range(max(-r, 0), min(kh, height - r)):
                    for j in range(max(-s, 0), min(kw, width - s)):
                        for c in range(channels):
                            y[n, p, q, c] += x[n, r + i, s + j, c]
                for c in range(channels):
                    y[n, p, q, c] /= counts[p, q]


def maxima(x: Array, where: Geometry) -> tuple[Array, NDArray[np.unsignedinteger[Any]]]:
    """See ``forward.maxima``."""
    if winner_type(where) != np.uint8 or where.dilation != WITHOUT_HOLES:
        return numpy_form(forward.maxima)(x, where)
    (x,) = contiguous(x)
    y = np.empty((len(x), *where.output, x.shape[3]), x.dtype)
    winner = np.empty(y.shape, np.uint8)
    if is_2x2(where):
        maxima_2x2_loop(x, y, winner)
    else:
        maxima_loop(x, *settings(where), y, winner)
    return y, winner


def means(x: Array, counts: Array, where: Geometry) -> Array:
    """See ``forward.means``."""
    if where.dilation != WITHOUT_HOLES:
        return numpy_form(forward.means)(x, counts, where)
    x, counts = contiguous(x, counts[..., 0])
    y = np.empty((len(x), *where.output, x.shape[3]), x.dtype)
    means_loop(x, counts, *settings(where), y)
    return y


def is_2x2(where: Geometry) -> bool:
    """Whether windows are 2 x 2, side by side, and without padding."""
    return where.kernel == where.stride == (2, 2) and not np.any(where.padding)


def settings(where: Geometry) -> tuple[int, int, int, int, int, int]:
    """Kernel, stride and padding, as the loops take them."""
    (top, _), (left, _) = where.padding
    return (*where.kernel, *where.stride, top, left)

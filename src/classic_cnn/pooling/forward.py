"""Pooling, forward: one number for each window of each channel.

    max      y[n, p, q, c] = max over i, j of x[n, p s + i - top, q s + j - left, c]
    average  y[n, p, q, c] = sum over i, j of x[n, p s + i - top, q s + j - left, c] / count

The padding of max pooling is minus infinity, so it is never the maximum. The count of average
pooling is that of all window elements, or of those inside the image (``count_padding=False``).

The plain forms take all windows at once; the others, which layers use, go block by block.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from src.classic_cnn.blocks import blocks
from src.classic_cnn.shifted_views import shifted_views
from src.classic_cnn.utils import Geometry, Padding, Pair, check_images, geometry, pair, zero_pad
from src.classic_nn.array_types import Array
from src.common.kernels import operation


def max_pool_forward_plain(x: Array, where: Geometry) -> Array:
    """The formula; x (samples, height, width, channels) -> y (samples, OH, OW, channels)."""
    padded = zero_pad(x, where.padding, -np.inf)
    views = [pixels for _, _, pixels in shifted_views(padded, where)]
    elements = np.stack(views)  # (KH * KW, samples, OH, OW, channels)
    return elements.max(axis=0)


def average_pool_forward_plain(x: Array, where: Geometry, count_padding: bool = True) -> Array:
    """The formula; x (samples, height, width, channels) -> y (samples, OH, OW, channels)."""
    inside = zero_pad(np.ones_like(x), where.padding, float(count_padding))
    total, count = (
        np.sum([pixels for _, _, pixels in shifted_views(padded, where)], axis=0)
        for padded in (zero_pad(x, where.padding), inside)
    )
    return total / count


class MaxPoolCache(NamedTuple):
    """What the backward pass needs.

    Attributes:
        winner: (samples, OH, OW, channels), the number of each window's first maximum, counted in
            reading order from 0 to KH * KW - 1: one byte in windows of up to 256 elements.
        image: height and width of the input.
        where: geometry.
    """

    winner: NDArray[np.unsignedinteger[Any]]
    image: Pair
    where: Geometry


class AveragePoolCache(NamedTuple):
    """Counts (OH, OW, 1), height and width of the input, and geometry."""

    counts: Array
    image: Pair
    where: Geometry


def max_pool_forward(
    x: Array,
    window: int | Pair = 2,
    stride: int | Pair | None = None,
    padding: Padding = 0,
    dilation: int | Pair = 1,
) -> tuple[Array, MaxPoolCache]:
    """Largest value of each window.

    Args:
        x: (samples, height, width, channels).
        window: height and width of the window.
        stride: pixels from one window to the next; the window's size if None.
        padding: as for convolutions, less than the window.
        dilation: pixels from one element of a window to the next.

    Returns:
        y (samples, OH, OW, channels), and the cache for ``max_pool_backward``. As in PyTorch, a
        NaN is a maximum.

    Raises:
        ValueError: impossible geometry, or padding in which a whole window would fit.
    """
    check_images(x)
    where = pool_geometry(x.shape[1:3], window, stride, padding, dilation)
    y, winner = maxima(x, where)
    return y, MaxPoolCache(winner, (x.shape[1], x.shape[2]), where)


@operation("src.classic_cnn.pooling.forward_loops")
def maxima(x: Array, where: Geometry) -> tuple[Array, NDArray[np.unsignedinteger[Any]]]:
    """The largest value of each window, and its number; both (samples, OH, OW, channels)."""
    padded = zero_pad(x, where.padding, -np.inf) if np.any(where.padding) else x
    y = np.empty((len(x), *where.output, x.shape[3]), x.dtype)
    winner = np.zeros(y.shape, winner_type(where))
    for samples, rows in pool_blocks(padded, where):
        block, numbers = y[samples, rows], winner[samples, rows]
        views = shifted_views(padded, where, samples, rows)
        for k, (_, _, pixels) in enumerate(views):
            if k == 0:
                block[...] = pixels
                continue
            np.putmask(numbers, pixels > block, k)
            np.maximum(block, pixels, out=block)
        if np.isnan(block).any():  # no comparison finds a NaN
            found = np.zeros(block.shape, bool)
            for k, (_, _, pixels) in enumerate(shifted_views(padded, where, samples, rows)):
                np.putmask(numbers, np.isnan(pixels) & ~found, k)
                found |= np.isnan(pixels)
    return y, winner


def winner_type(where: Geometry) -> np.dtype[Any]:
    """The smallest type that counts the elements of a window."""
    return np.min_scalar_type(where.kernel[0] * where.kernel[1] - 1)


def average_pool_forward(
    x: Array,
    window: int | Pair = 2,
    stride: int | Pair | None = None,
    padding: Padding = 0,
    count_padding: bool = True,
    dilation: int | Pair = 1,
) -> tuple[Array, AveragePoolCache]:
    """Mean of each window.

    Args:
        x: (samples, height, width, channels).
        window: height and width of the window.
        stride: pixels from one window to the next; the window's size if None.
        padding: as for convolutions, less than the window.
        count_padding: whether the zeros of the padding count as values (PyTorch's default).
        dilation: pixels from one element of a window to the next.

    Returns:
        y (samples, OH, OW, channels), and the cache for ``average_pool_backward``.

    Raises:
        ValueError: impossible geometry, or padding in which a whole window would fit.
    """
    check_images(x)
    where = pool_geometry(x.shape[1:3], window, stride, padding, dilation)
    counts = window_counts(x.shape[1:3], where, count_padding).astype(x.dtype)
    return means(x, counts, where), AveragePoolCache(counts, (x.shape[1], x.shape[2]), where)


@operation("src.classic_cnn.pooling.forward_loops")
def means(x: Array, counts: Array, where: Geometry) -> Array:
    """Sum of each window divided by counts (OH, OW, 1): (samples, OH, OW, channels)."""
    padded = zero_pad(x, where.padding) if np.any(where.padding) else x
    y = np.empty((len(x), *where.output, x.shape[3]), x.dtype)
    for samples, rows in pool_blocks(padded, where):
        block = y[samples, rows]
        block[...] = 0
        for _, _, pixels in shifted_views(padded, where, samples, rows):
            block += pixels
        block /= counts[rows]
    return y


def global_average_pool_forward(x: Array) -> tuple[Array, tuple[int, ...]]:
    """Mean over all pixels: (samples, height, width, channels) -> (samples, channels)."""
    return x.mean(axis=(1, 2)), x.shape


def pool_geometry(
    image: Pair,
    window: int | Pair,
    stride: int | Pair | None,
    padding: Padding,
    dilation: int | Pair = 1,
) -> Geometry:
    """Geometry of a pooling; every window must have a pixel of the image in it."""
    kernel = pair(window)
    where = geometry(image, kernel, kernel if stride is None else stride, padding, dilation)
    for size, sides in zip(kernel, where.padding, strict=True):
        if max(sides) >= size:
            raise ValueError(f"padding {where.padding} must be less than the window {kernel}")
    return where


def window_counts(image: Pair, where: Geometry, count_padding: bool) -> Array:
    """(OH, OW, 1): how many values each window averages."""
    inside = np.ones((1, *image, 1))
    padded = zero_pad(inside, where.padding, value=float(count_padding))
    counts = np.zeros((*where.output, 1))
    for _, _, pixels in shifted_views(padded, where):
        counts += pixels[0]
    return counts


def pool_blocks(padded: Array, where: Geometry) -> Iterator[tuple[slice, slice]]:
    """Blocks whose output fills the buffer."""
    return blocks(len(padded), where, padded.shape[3] * padded.itemsize)

"""Pooling, backward: where the gradient of a window's number goes.

max      to the first maximum of the window, in reading order (PyTorch's rule for ties)
average  in equal parts to all elements, dy / count each

The plain forms take all windows at once; the others, which layers use, go block by block.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_cnn.pooling.forward import AveragePoolCache, MaxPoolCache, pool_blocks
from src.classic_cnn.shifted_views import shifted_views
from src.classic_cnn.utils import Geometry, Pair, check_gradient, without_padding, zero_pad
from src.classic_nn.array_types import Array
from src.common.kernels import operation


def max_pool_backward_plain(dy: Array, x: Array, where: Geometry) -> Array:
    """dx of the shape of x (samples, height, width, channels), from dy (samples, OH, OW, channels).

    ``argmax`` is the first of several maxima, and takes a NaN for the maximum.
    """
    padded = zero_pad(x, where.padding, -np.inf)
    elements = np.stack([pixels for _, _, pixels in shifted_views(padded, where)])
    winner = elements.argmax(axis=0)  # (samples, OH, OW, channels), from 0 to KH * KW - 1
    dpadded = np.zeros_like(padded)
    for k, (_, _, dpixels) in enumerate(shifted_views(dpadded, where)):
        dpixels += np.where(winner == k, dy, 0)
    return without_padding(dpadded, where)


def average_pool_backward_plain(dy: Array, counts: Array, where: Geometry, image: Pair) -> Array:
    """dx (samples, height, width, channels), from dy (samples, OH, OW, channels).

    Args:
        dy: upstream gradient.
        counts: (OH, OW, 1), how many values each window averages.
        where: geometry of the forward pass.
        image: height and width of its input.
    """
    dx = np.zeros((len(dy), *image, dy.shape[3]), dy.dtype)
    dpadded = zero_pad(dx, where.padding)
    for _, _, dpixels in shifted_views(dpadded, where):
        dpixels += dy / counts
    return without_padding(dpadded, where)


def max_pool_backward(dy: Array, cache: MaxPoolCache) -> Array:
    """dx (samples, height, width, channels), from dy (samples, OH, OW, channels)."""
    check_gradient(dy, cache.winner.shape)
    return to_winners(dy, cache.winner, cache.image, cache.where)


@operation("src.classic_cnn.pooling.backward_loops")
def to_winners(
    dy: Array, winner: NDArray[np.unsignedinteger[Any]], image: Pair, where: Geometry
) -> Array:
    """dx: every window's gradient at the element with the winner's number."""
    dpadded = np.zeros(padded_shape(dy, image, where), dy.dtype)
    for samples, rows in pool_blocks(dpadded, where):
        numbers, upstream = winner[samples, rows], dy[samples, rows]
        finite = bool(np.isfinite(upstream).all())
        for k, (_, _, target) in enumerate(shifted_views(dpadded, where, samples, rows)):
            hit = numbers == k
            # the product is several times faster than the choice, but infinity * 0 is not 0
            dvalues = upstream * hit.astype(dy.dtype) if finite else np.where(hit, upstream, 0)
            target += dvalues
    return without_padding(dpadded, where)


def average_pool_backward(dy: Array, cache: AveragePoolCache) -> Array:
    """dx (samples, height, width, channels), from dy (samples, OH, OW, channels)."""
    check_gradient(dy, (len(dy), *cache.where.output, dy.shape[-1]))
    return to_all(dy, cache.counts, cache.image, cache.where)


@operation("src.classic_cnn.pooling.backward_loops")
def to_all(dy: Array, counts: Array, image: Pair, where: Geometry) -> Array:
    """dx: every window's gradient, divided by counts (OH, OW, 1), at all of its elements."""
    dpadded = np.zeros(padded_shape(dy, image, where), dy.dtype)
    for samples, rows in pool_blocks(dpadded, where):
        dvalue = dy[samples, rows] / counts[rows]
        for _, _, target in shifted_views(dpadded, where, samples, rows):
            target += dvalue
    return without_padding(dpadded, where)


def padded_shape(dy: Array, image: Pair, where: Geometry) -> tuple[int, int, int, int]:
    """Shape of the input with its padding."""
    (top, bottom), (left, right) = where.padding
    return len(dy), top + image[0] + bottom, left + image[1] + right, dy.shape[3]


def global_average_pool_backward(dy: Array, shape: tuple[int, ...]) -> Array:
    """dx of the given shape (samples, height, width, channels), from dy (samples, channels)."""
    _, height, width, _ = shape
    dvalue = dy / dy.dtype.type(height * width)
    return np.broadcast_to(dvalue[:, np.newaxis, np.newaxis], shape).copy()

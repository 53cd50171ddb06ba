"""Pooling, backward: where the gradient of a window's number goes.

max      to the first maximum of the window, in reading order (PyTorch's rule for ties)
average  in equal parts to all elements, dy / count each

The plain forms take all windows at once; the others, which layers use, go block by block.
"""

import numpy as np

from src.classic_cnn.pooling.forward import AveragePoolCache, MaxPoolCache, pool_blocks
from src.classic_cnn.shifted_views import shifted_views
from src.classic_cnn.utils import Geometry, Pair, without_padding, zero_pad
from src.classic_nn.array_types import Array


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
    """dx (samples, height, width, channels), from dy (samples, OH, OW, channels).

    The maxima are found again by comparing each window element with the output: no index is kept.
    As in PyTorch, a NaN is a maximum.
    """
    padded, y, where = cache
    dpadded = np.zeros_like(padded)
    apart = all(stride >= kernel for stride, kernel in zip(where.stride, where.kernel, strict=True))
    for samples, rows in pool_blocks(padded, where):
        block, upstream = y[samples, rows], dy[samples, rows]
        with_nans = bool(np.isnan(block).any())
        finite = bool(np.isfinite(upstream).all())
        found = np.zeros(block.shape, bool)  # windows whose maximum has been found
        pixels = shifted_views(padded, where, samples, rows)
        gradients = shifted_views(dpadded, where, samples, rows)
        for (_, _, values), (_, _, target) in zip(pixels, gradients, strict=True):
            hit = values == block
            if with_nans:
                hit |= np.isnan(values)
            hit &= ~found
            found |= hit
            # the product is several times faster than the choice, but infinity * 0 is not 0
            dvalues = upstream * hit.astype(dy.dtype) if finite else np.where(hit, upstream, 0)
            if apart:
                target[...] = dvalues
            else:
                target += dvalues
    return without_padding(dpadded, where)


def average_pool_backward(dy: Array, cache: AveragePoolCache) -> Array:
    """dx (samples, height, width, channels), from dy (samples, OH, OW, channels)."""
    counts, padded_shape, where = cache
    dpadded = np.zeros(padded_shape, dy.dtype)
    for samples, rows in pool_blocks(dpadded, where):
        dvalue = dy[samples, rows] / counts[rows]
        for _, _, target in shifted_views(dpadded, where, samples, rows):
            target += dvalue
    return without_padding(dpadded, where)


def global_average_pool_backward(dy: Array, shape: tuple[int, ...]) -> Array:
    """dx of the given shape (samples, height, width, channels), from dy (samples, channels)."""
    _, height, width, _ = shape
    dvalue = dy / dy.dtype.type(height * width)
    return np.broadcast_to(dvalue[:, np.newaxis, np.newaxis], shape).copy()

"""Pooling, backward: where the gradient of a window's number goes.

max      to the first maximum of the window, in reading order (PyTorch's rule for ties)
average  in equal parts to all elements, dy / count each
"""

import numpy as np

from src.classic_cnn.pooling.forward import AveragePoolCache, MaxPoolCache, pool_blocks
from src.classic_cnn.shifted_views import shifted_views
from src.classic_cnn.utils import without_border
from src.classic_nn.array_types import Array


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
        met = np.zeros(block.shape, bool)  # windows whose maximum has been met
        pixels = shifted_views(padded, where, samples, rows)
        gradients = shifted_views(dpadded, where, samples, rows)
        for (_, _, values), (_, _, target) in zip(pixels, gradients, strict=True):
            hit = values == block
            if with_nans:
                hit |= np.isnan(values)
            hit &= ~met
            met |= hit
            # the product is several times faster than the choice, but infinity * 0 is not 0
            share = upstream * hit.astype(dy.dtype) if finite else np.where(hit, upstream, 0)
            if apart:
                target[...] = share
            else:
                target += share
    return without_border(dpadded, where)


def average_pool_backward(dy: Array, cache: AveragePoolCache) -> Array:
    """dx (samples, height, width, channels), from dy (samples, OH, OW, channels)."""
    counts, padded_shape, where = cache
    dpadded = np.zeros(padded_shape, dy.dtype)
    for samples, rows in pool_blocks(dpadded, where):
        share = dy[samples, rows] / counts[rows]
        for _, _, target in shifted_views(dpadded, where, samples, rows):
            target += share
    return without_border(dpadded, where)


def global_average_pool_backward(dy: Array, shape: tuple[int, ...]) -> Array:
    """dx of the given shape (samples, height, width, channels), from dy (samples, channels)."""
    _, height, width, _ = shape
    share = dy / dy.dtype.type(height * width)
    return np.broadcast_to(share[:, np.newaxis, np.newaxis], shape).copy()

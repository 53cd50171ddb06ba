"""Convolution and pooling in loops that follow the formula's indices."""

import itertools

import numpy as np

from src.classic_cnn.pooling import create_mask_from_window, distribute_value


def positions(where):
    """Every output position (p, q) with the top left pixel of its window in the padded image."""
    (sy, sx), (height, width) = where.stride, where.output
    for p, q in itertools.product(range(height), range(width)):
        yield p, q, p * sy, q * sx


def convolution(padded, w, where, groups):
    """y[n, p, q, f] = sum over i, j, c of padded[n, p s + i d, q s + j d, c] w[i, j, c, f]."""
    kh, kw, channels, filters = w.shape
    dy, dx = where.dilation
    y = np.zeros((len(padded), *where.output, filters))
    for n, (p, q, top, left), f in itertools.product(
        range(len(padded)), positions(where), range(filters)
    ):
        first = f // (filters // groups) * channels  # channel of this filter's group
        for i, j, c in itertools.product(range(kh), range(kw), range(channels)):
            y[n, p, q, f] += padded[n, top + i * dy, left + j * dx, first + c] * w[i, j, c, f]
    return y


def pooling_windows(padded, where):
    """n, p, q, c and the window (KH, KW) there, a view."""
    kh, kw = where.kernel
    for n, (p, q, top, left), c in itertools.product(
        range(len(padded)), positions(where), range(padded.shape[3])
    ):
        yield n, p, q, c, padded[n, top : top + kh, left : left + kw, c]


def max_pool(padded, where):
    y = np.zeros((len(padded), *where.output, padded.shape[3]))
    for n, p, q, c, window in pooling_windows(padded, where):
        y[n, p, q, c] = window.max()
    return y


def max_pool_gradient(dy, padded, where):
    dpadded = np.zeros_like(padded)
    for (n, p, q, c, window), (*_, target) in zip(
        pooling_windows(padded, where), pooling_windows(dpadded, where), strict=True
    ):
        target += create_mask_from_window(window) * dy[n, p, q, c]
    return dpadded


def average_pool_gradient(dy, padded, where):
    """With the padding counted."""
    dpadded = np.zeros_like(padded)
    for n, p, q, c, target in pooling_windows(dpadded, where):
        target += distribute_value(dy[n, p, q, c], where.kernel)
    return dpadded

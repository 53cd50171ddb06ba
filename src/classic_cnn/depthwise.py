"""Depthwise convolution: every channel with filters of its own.

    y[n, p, q, c m + k] = sum over i, j of x[n, p s + i d, q s + j d, c] w[i, j, 0, c m + k]

with m filters a channel. There is no sum over channels, so no matrix product: each kernel element
is one multiplication and one addition of a shifted image, done for a few rows at a time, so that
the rows stay in the cache between the kernel elements (Howard et al. 2017, section 3.1).
"""

from collections.abc import Iterator

import numpy as np

from src.classic_cnn.blocks import blocks
from src.classic_cnn.taps import taps
from src.classic_cnn.utils import Geometry
from src.classic_nn.array_types import Array


def depthwise_forward(padded: Array, w: Array, where: Geometry, out: Array) -> None:
    """Convolve each channel with its filters.

    Args:
        padded: (samples, padded height, padded width, channels).
        w: (KH, KW, 1, channels * m), the m filters of a channel side by side.
        where: geometry.
        out: (samples, OH, OW, channels * m), written.
    """
    for k, y, kernel in _filters(out, w, padded.shape[3]):
        for samples, rows in _blocks(padded, where):
            total: Array | None = None
            for i, j, shifted in taps(padded, where, samples, rows):
                term = shifted * kernel[i, j]
                total = term if total is None else np.add(total, term, out=total)
            y[samples, rows, :, :, k] = total


def depthwise_backward(
    dy: Array, padded: Array, w: Array, where: Geometry, dpadded: Array | None, dw: Array
) -> None:
    """Gradients of a depthwise convolution.

    Args:
        dy: (samples, OH, OW, channels * m).
        padded: (samples, padded height, padded width, channels), input of the forward pass.
        w: (KH, KW, 1, channels * m).
        where: geometry.
        dpadded: of the shape of padded, zeros, to which the input's gradient is added; or None.
        dw: of the shape of w, written.
    """
    channels = padded.shape[3]
    dw[...] = 0
    dkernels = dw.reshape(*where.kernel, channels, -1)
    for k, upstream, kernel in _filters(dy, w, channels):
        for samples, rows in _blocks(padded, where):
            block = np.ascontiguousarray(upstream[samples, rows, :, :, k])
            for i, j, shifted in taps(padded, where, samples, rows):
                dkernels[i, j, :, k] += np.einsum("nyxc,nyxc->c", shifted, block)
            if dpadded is not None:
                for i, j, target in taps(dpadded, where, samples, rows):
                    target += block * kernel[i, j]


def _filters(y: Array, w: Array, channels: int) -> Iterator[tuple[int, Array, Array]]:
    """The k-th filter of every channel: k, y as (..., channels, m), kernel (KH, KW, channels)."""
    each = w.shape[3] // channels
    split = y.reshape(*y.shape[:3], channels, each)
    kernels = w.reshape(*w.shape[:2], channels, each)
    for k in range(each):
        yield k, split, np.ascontiguousarray(kernels[..., k])


def _blocks(padded: Array, where: Geometry) -> Iterator[tuple[slice, slice]]:
    """Blocks of which the input, the sum and one term fit the buffer together."""
    return blocks(len(padded), where, 4 * padded.shape[3] * padded.itemsize)

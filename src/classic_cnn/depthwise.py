"""Depthwise convolution: every channel with filters of its own.

    y[n, p, q, c m + k] = sum over i, j of x[n, p s + i d, q s + j d, c] w[i, j, 0, c m + k]

with m filters per channel (Howard et al. 2017, section 3.1). There is no sum over channels, so no
matrix product: it is a sum over the kernel's elements of shifted images, each times one number per
channel, which is what ``depthwise_forward_plain`` and ``depthwise_backward_plain`` compute.

The fast forms go block by block. At stride 1 the pixels of a row and their channels are one long
axis, on which a shift by one pixel is a shift by as many values as there are channels; so the
kernel is repeated along it.

A sum over kernel elements is an einsum of named axes: n samples, r rows and q columns of the
output, i and j rows and columns of the kernel, c channels.
"""

from collections.abc import Iterator

import numpy as np

from src.classic_cnn.bias import add_bias
from src.classic_cnn.blocks import blocks, window_blocks
from src.classic_cnn.col2im import col2im
from src.classic_cnn.shifted_views import shifted_views
from src.classic_cnn.utils import Geometry, input_gradient_geometry, without_padding, zero_pad
from src.classic_nn.array_types import Array
from src.common.kernels import operation


def depthwise_forward_plain(x: Array, w: Array, where: Geometry) -> Array:
    """The formula, one kernel element at a time; shapes as in ``depthwise_forward``."""
    padded, m = zero_pad(x, where.padding), w.shape[3] // x.shape[3]
    y = np.zeros((len(x), *where.output, w.shape[3]), x.dtype)  # (samples, OH, OW, channels * m)
    for i, j, pixels in shifted_views(padded, where):  # pixels (samples, OH, OW, channels)
        y += np.repeat(pixels, m, axis=3) * w[i, j, 0]  # each channel with its m filters
    return y


def depthwise_backward_plain(dy: Array, x: Array, w: Array, where: Geometry) -> tuple[Array, Array]:
    """dx and dw, one kernel element at a time; shapes as in ``depthwise_backward``."""
    padded, channels = zero_pad(x, where.padding), x.shape[3]
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for i, j, pixels in shifted_views(padded, where):  # pixels (samples, OH, OW, channels)
        repeated = np.repeat(pixels, w.shape[3] // channels, axis=3)
        dw[i, j, 0] = (repeated * dy).sum(axis=(0, 1, 2))  # (channels * m,)
    for i, j, dpixels in shifted_views(dpadded, where):
        by_filter = (dy * w[i, j, 0]).reshape(*dy.shape[:3], channels, -1)
        dpixels += by_filter.sum(axis=4)  # over the m filters of a channel
    return without_padding(dpadded, where), dw


@operation("src.classic_cnn.depthwise_loops")
def depthwise_forward(x: Array, w: Array, b: Array | None, where: Geometry, out: Array) -> None:
    """Convolve each channel with its filters.

    Args:
        x: (samples, height, width, channels).
        w: (KH, KW, 1, channels * m), the m filters of a channel side by side.
        b: (channels * m,), or None for no bias.
        where: geometry.
        out: (samples, OH, OW, channels * m), written.
    """
    channels = x.shape[3]
    y = _by_filter(out, channels)
    for k, kernel in _kernels(w, channels):
        row = _along_row(kernel, where)
        for samples, rows, elements in window_blocks(x, where, _row_bytes(x)):
            np.einsum("nrqijc,ijqc->nrqc", elements, row, out=y[samples, rows, :, :, k])
    if b is not None:
        add_bias(out, b)


@operation("src.classic_cnn.depthwise_loops")
def depthwise_backward(
    dy: Array, x: Array, w: Array, where: Geometry, dw: Array | None, input_gradient: bool = True
) -> Array | None:
    """Gradients of a depthwise convolution.

    Args:
        dy: (samples, OH, OW, channels * m).
        x: (samples, height, width, channels), input of the forward pass.
        w: (KH, KW, 1, channels * m).
        where: geometry.
        dw: of the shape of w, written; None to skip it.
        input_gradient: False to skip dx.

    Returns:
        dx of the shape of x, or None.
    """
    channels = x.shape[3]
    upstream = _by_filter(dy, channels)
    if dw is not None:
        _kernel_gradient(upstream, x, where, _by_filter(dw, channels)[:, :, 0])
    if not input_gradient:
        return None
    dx = np.zeros(x.shape, np.result_type(dy, w))
    for k, kernel in _kernels(w, channels):
        if where.stride == (1, 1):
            _input_gradient(upstream[..., k], kernel, where, dx)
            continue
        for samples, rows in blocks(len(x), where, _row_bytes(x)):
            dwindows = upstream[samples, rows, :, None, None, :, k] * kernel
            col2im(dwindows, where, dx, samples, rows)
    return dx


def _kernel_gradient(upstream: Array, x: Array, where: Geometry, dkernels: Array) -> None:
    """dkernels (KH, KW, channels, m) of upstream (samples, OH, OW, channels, m)."""
    dkernels[...] = 0
    for k in range(upstream.shape[4]):
        for samples, rows, elements in window_blocks(x, where, _row_bytes(x)):
            block = upstream[samples, rows, :, :, k]
            # the sum over columns comes last: until then a row is one long axis
            dkernels[..., k] += np.einsum("nrqijc,nrqc->ijqc", elements, block).sum(axis=2)


def _input_gradient(dy: Array, kernel: Array, where: Geometry, dx: Array) -> None:
    """At stride 1: dy, padded, times the kernel rotated by 180 degrees, added to dx."""
    rotated, inside = input_gradient_geometry(where, dx.shape[1:3])
    dy = dy[:, inside[0], inside[1]]
    row = _along_row(kernel[::-1, ::-1], rotated)
    for samples, rows, elements in window_blocks(dy, rotated, _row_bytes(dy)):
        dx[samples, rows] += np.einsum("nrqijc,ijqc->nrqc", elements, row)


def _along_row(kernel: Array, where: Geometry) -> Array:
    """Kernel (KH, KW, channels) repeated for every column of the output, (KH, KW, OW, channels)."""
    return np.repeat(kernel[:, :, np.newaxis], where.output[1], axis=2)


def _by_filter(array: Array, channels: int) -> Array:
    """See an array whose last axis is (channels * m) as (..., channels, m)."""
    return array.reshape(*array.shape[:-1], channels, array.shape[-1] // channels)


def _kernels(w: Array, channels: int) -> Iterator[tuple[int, Array]]:
    """The k-th filter of every channel, (KH, KW, channels)."""
    kernels = _by_filter(w, channels)[:, :, 0]
    for k in range(kernels.shape[3]):
        yield k, np.ascontiguousarray(kernels[..., k])


def _row_bytes(x: Array) -> int:
    """For blocks of which the input, the output and a gradient fit the buffer together."""
    return 4 * x.shape[3] * x.itemsize

"""Convolution, backward: the steps of ``forward`` in reverse.

    db[f]          = sum over n, p, q of dy[n, p, q, f]
    dw[i, j, c, f] = sum over n, p, q of x[n, p s + i d - top, q s + j d - left, c] dy[n, p, q, f]
    dx[n, r, t, c] = sum over all p, i with p s + i d - top = r and q, j with q s + j d - left = t
                     and all f of dy[n, p, q, f] w[i, j, c, f]

At stride 1 the last line is itself a convolution: of dy, with a border, with the kernel turned by
half a revolution and its channels and filters exchanged. With a stride, the product of dy and the
kernel gives what every window sends back, and the windows are added up where they overlap.
"""

import numpy as np

from src.classic_cnn.blocks import blocks, gathered
from src.classic_cnn.depthwise import depthwise_backward
from src.classic_cnn.forward import ConvCache, conv_forward, group_slices
from src.classic_cnn.taps import taps
from src.classic_cnn.utils import Geometry, without_border
from src.classic_nn.array_types import Array


def conv_backward(
    dy: Array,
    cache: ConvCache,
    dw: Array | None = None,
    db: Array | None = None,
    input_gradient: bool = True,
) -> tuple[Array | None, Array, Array]:
    """Gradients of a convolution.

    Args:
        dy: (samples, OH, OW, filters), upstream gradient.
        cache: of ``conv_forward``.
        dw: (KH, KW, channels / groups, filters), where to write that gradient; new memory if None.
        db: (filters,), likewise.
        input_gradient: False to skip dx.

    Returns:
        dx of the input's shape (or None), dw, db.
    """
    padded, w, where, groups = cache
    # 3. bias
    db = np.sum(dy, axis=(0, 1, 2), out=db)
    # 2. windows times kernel
    dw = np.empty_like(w) if dw is None else dw
    dpadded: Array | None = None
    if groups > 1 and w.shape[2] == 1:
        dpadded = np.zeros_like(padded) if input_gradient else None
        depthwise_backward(dy, padded, w, where, dpadded, dw)
    else:
        _kernel_gradient(dy, padded, where, groups, dw)
        if input_gradient and where.stride == (1, 1):
            return _as_convolution(dy, w, where, groups), dw, db
        if input_gradient:
            dpadded = _windows_added(dy, cache)
    # 1. the border's share is nobody's
    return None if dpadded is None else without_border(dpadded, where), dw, db


def _kernel_gradient(dy: Array, padded: Array, where: Geometry, groups: int, dw: Array) -> None:
    """dw = sum over blocks of windows^T @ dy."""
    dw[...] = 0
    for channels, filters in group_slices(groups, padded.shape[3], dy.shape[3]):
        width = dy.shape[3] // groups
        for samples, rows, columns in gathered(padded[..., channels], where):
            upstream = dy[samples, rows, :, filters].reshape(-1, width)
            dw[..., filters] += (columns.T @ upstream).reshape(*where.kernel, -1, width)


def _as_convolution(dy: Array, w: Array, where: Geometry, groups: int) -> Array:
    """dx at stride 1: dy convolved with the turned kernel.

    A window that begins at pixel r - top takes part in y; so a border of reach - 1 - top before
    dy (and likewise after) makes the result as large as the input. Where the forward padding was
    wider than the kernel's reach, the border is negative: those outputs saw zeros only.
    """
    kh, kw, channels, filters = w.shape
    turned = w[::-1, ::-1].reshape(kh, kw, channels, groups, filters // groups)
    turned = turned.transpose(0, 1, 4, 3, 2).reshape(kh, kw, filters // groups, groups * channels)
    reach = tuple(d * (k - 1) for k, d in zip(where.kernel, where.dilation, strict=True))
    border = [
        (r - before, r - after) for r, (before, after) in zip(reach, where.padding, strict=True)
    ]
    cut = tuple(
        slice(max(-before, 0), size - max(-after, 0))
        for (before, after), size in zip(border, dy.shape[1:3], strict=True)
    )
    (top, bottom), (left, right) = ((max(a, 0), max(b, 0)) for a, b in border)
    dx, _ = conv_forward(
        dy[:, cut[0], cut[1]],
        np.ascontiguousarray(turned),
        padding=((top, bottom), (left, right)),
        dilation=where.dilation,
        groups=groups,
    )
    return dx


def _windows_added(dy: Array, cache: ConvCache) -> Array:
    """Gradient of the padded input with a stride: every window's share, added where it lies."""
    padded, w, where, groups = cache
    dpadded = np.zeros_like(padded)
    for channels, filters in group_slices(groups, padded.shape[3], dy.shape[3]):
        kernel = w[..., filters].reshape(-1, w.shape[3] // groups)
        target = dpadded[..., channels]
        for samples, rows in blocks(len(dy), where, kernel.shape[0] * dy.itemsize):
            upstream = dy[samples, rows, :, filters]
            shares = (upstream.reshape(-1, kernel.shape[1]) @ kernel.T).reshape(
                *upstream.shape[:3], *where.kernel, -1
            )
            for i, j, pixels in taps(target, where, samples, rows):
                pixels += shares[:, :, :, i, j]
    return dpadded

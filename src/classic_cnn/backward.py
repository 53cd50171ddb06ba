"""Convolution, backward: the formulas in plain NumPy, and the steps of ``forward`` in reverse.

    db[f]          = sum over n, p, q of dy[n, p, q, f]
    dw[i, j, c, f] = sum over n, p, q of x[n, p s + i d - top, q s + j d - left, c] dy[n, p, q, f]
    dx[n, r, t, c] = sum over all p, i with p s + i d - top = r and q, j with q s + j d - left = t
                     and all f of dy[n, p, q, f] w[i, j, c, f]

``conv_backward_plain`` computes just that. ``conv_backward``, which layers use, goes block by
block. With X the matrix of x's windows, one per row, and DY that of dy's positions:

    3. bias     db = sum of DY's rows
    2. multiply dw = X^T DY,   dX = DY kernel^T, which goes back to where each window came from
    1. combine  the gradients of several outputs of a row are added up for the one kernel

At stride 1, dx is itself a convolution: of dy, padded, with the kernel rotated by 180 degrees and
its channels and filters exchanged. The windows of dy that this takes, W, give dw too, rotated
likewise: rotate180(dw) = W^T x. So both come from one im2col.

With a stride, DY times the kernel^T gives what every window sends back, and the windows are added
up where they overlap. So it is too where there are fewer positions than filters: there, exchanging
the kernel's channels and filters would move more than all windows do.
"""

import numpy as np

from src.classic_cnn.batched_matmul import batched_matmul, batched_matmul_transposed
from src.classic_cnn.bias import bias_backward
from src.classic_cnn.blocks import im2col_blocks
from src.classic_cnn.col2im import col2im
from src.classic_cnn.depthwise import depthwise_backward
from src.classic_cnn.forward import ConvCache, group_slices, is_depthwise
from src.classic_cnn.multi_output import (
    multi_output_geometry,
    multi_output_kernel,
    multi_output_kernel_backward,
    outputs_at_once,
)
from src.classic_cnn.shifted_views import shifted_views
from src.classic_cnn.utils import (
    Geometry,
    check_gradient,
    input_gradient_geometry,
    without_padding,
    zero_pad,
)
from src.classic_nn.array_types import Array
from src.common.kernels import operation


def conv_backward_plain(
    dy: Array, x: Array, w: Array, where: Geometry
) -> tuple[Array, Array, Array]:
    """The formulas, one kernel element at a time, for one group; ``conv_backward`` is equal.

    Args:
        dy: (samples, OH, OW, filters).
        x: (samples, height, width, channels).
        w: (KH, KW, channels, filters).
        where: geometry of the forward pass.

    Returns:
        dx of the shape of x, dw of the shape of w, db (filters,).
    """
    padded = zero_pad(x, where.padding)  # (samples, top + height + bottom, ..., channels)
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for i, j, pixels in shifted_views(padded, where):  # pixels (samples, OH, OW, channels)
        dw[i, j] = np.einsum("npqc,npqf->cf", pixels, dy)  # (channels, filters)
    for i, j, dpixels in shifted_views(dpadded, where):
        dpixels += dy @ w[i, j].T  # pixels that several windows share add up
    db = dy.sum(axis=(0, 1, 2))
    return without_padding(dpadded, where), dw, db


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
    w = cache.w
    db = np.empty(w.shape[3], np.result_type(dy, w)) if db is None else db
    dw = np.empty_like(w) if dw is None else dw
    return _conv_backward(dy, cache, dw, db, input_gradient), dw, db


def conv_input_gradient(dy: Array, cache: ConvCache) -> Array:
    """dx alone; see ``conv_backward``."""
    dx = _conv_backward(dy, cache, None, None, input_gradient=True)
    assert dx is not None
    return dx


def _conv_backward(
    dy: Array, cache: ConvCache, dw: Array | None, db: Array | None, input_gradient: bool
) -> Array | None:
    """dx, if it is asked for; those of dw and db that are not None are written."""
    x, w, where, groups, relu_y, ceiling = cache
    check_gradient(dy, (len(x), *where.output, w.shape[3]))
    dy = bias_backward(np.ascontiguousarray(dy), db, relu_y, ceiling)  # step 3
    if is_depthwise(w, groups):
        return depthwise_backward(dy, x, w, where, dw, input_gradient)
    dx = np.empty(x.shape, np.result_type(dy, w)) if input_gradient else None
    for channels, filters in group_slices(groups, x.shape[3], w.shape[3]):
        convolve_backward(
            dy[..., filters],
            x[..., channels],
            w[..., filters],
            where,
            None if dw is None else dw[..., filters],
            None if dx is None else dx[..., channels],
        )
    return dx


@operation("src.classic_cnn.winograd_loops")
def convolve_backward(
    dy: Array, x: Array, w: Array, where: Geometry, dw: Array | None, dx: Array | None
) -> None:
    """Gradients of one group, written to those of dw and dx that are not None."""
    if dx is None:
        if dw is not None:
            _kernel_gradient(dy, x, w, where, dw)
    elif where.stride == (1, 1) and dy.size // dy.shape[3] >= w.shape[3]:
        _both_from_windows_of_dy(dy, x, w, where, dw, dx)
    else:
        _both_from_windows_of_x(dy, x, w, where, dw, dx)


def _kernel_gradient(dy: Array, x: Array, w: Array, where: Geometry, dw: Array) -> None:
    """dw = sum over blocks of windows^T @ dy."""
    t = outputs_at_once(where, *w.shape[2:])
    wide = multi_output_geometry(where, t)
    total = np.zeros((*wide.kernel, w.shape[2], t * w.shape[3]), w.dtype)
    for samples, rows, columns in im2col_blocks(x, wide):
        upstream = dy[samples, rows].reshape(len(columns), total.shape[3])
        total += batched_matmul_transposed(columns, upstream).reshape(total.shape)
    dw[...] = multi_output_kernel_backward(total, t)


def _both_from_windows_of_dy(
    dy: Array, x: Array, w: Array, where: Geometry, dw: Array | None, dx: Array
) -> None:
    """dx and dw at stride 1, block by block of the input's positions.

    Outputs that ``input_gradient_geometry`` leaves out saw zeros only: they add nothing to either.
    """
    channels, filters = w.shape[2:]
    rotated, (vertical, horizontal) = input_gradient_geometry(where, x.shape[1:3])
    t = outputs_at_once(rotated, filters, channels)
    wide = multi_output_geometry(rotated, t)
    kernel = multi_output_kernel(rotate180(w), t).reshape(-1, t * channels)
    dkernel = np.zeros((*wide.kernel, filters, t * channels), w.dtype)
    for samples, rows, columns in im2col_blocks(dy[:, vertical, horizontal], wide):
        part = dx[samples, rows]
        if part.flags.c_contiguous:
            batched_matmul(columns, kernel, out=part.reshape(len(columns), kernel.shape[1]))
        else:
            part[...] = (columns @ kernel).reshape(part.shape)
        if dw is not None:
            pixels = x[samples, rows].reshape(len(columns), t * channels)
            dkernel += batched_matmul_transposed(columns, pixels).reshape(dkernel.shape)
    if dw is not None:
        dw[...] = rotate180(multi_output_kernel_backward(dkernel, t))


def rotate180(w: Array) -> Array:
    """Rotated by 180 degrees, channels and filters exchanged: (KH, KW, c, f) -> (KH, KW, f, c)."""
    return w[::-1, ::-1].transpose(0, 1, 3, 2)


def _both_from_windows_of_x(
    dy: Array, x: Array, w: Array, where: Geometry, dw: Array | None, dx: Array
) -> None:
    """dx and dw with a stride: what each window sends back is added to the pixels it covers."""
    kernel = np.ascontiguousarray(w.reshape(-1, w.shape[3]))
    total = np.zeros_like(kernel)
    dx[...] = 0
    for samples, rows, columns in im2col_blocks(x, where):
        upstream = dy[samples, rows]
        flat = upstream.reshape(len(columns), kernel.shape[1])
        if dw is not None:
            total += batched_matmul_transposed(columns, flat)
        dwindows = (flat @ kernel.T).reshape(*upstream.shape[:3], *w.shape[:3])
        col2im(dwindows, where, dx, samples, rows)
    if dw is not None:
        dw[...] = total.reshape(w.shape)

"""Depthwise convolution as the loops of the formula, over positions, kernel elements and channels.

    y[n, p, q, c]  = b[c] + sum over i, j of x[n, p s + i d - top, q s + j d - left, c] w[i, j, c]
    dw[i, j, c]    = sum over n, p, q of x[n, p s + i d - top, q s + j d - left, c] dy[n, p, q, c]
    dx[n, r, t, c] = sum of dy[n, p, q, c] w[i, j, c],  p s + i d - top = r, q s + j d - left = t

Channels are innermost, so the compiler takes 8 or 16 of them at once. For that it has to unroll the
loops over the kernel, whose size it must know: there are loops for the usual sizes and strides, and
one loop for all others.

Of the image, the rows under the kernel are copied, with their padding, to a band that stays in the
cache: row r of the padded image is band[r % size], and again band[r % size + size], so that the
rows under the kernel always follow each other. A copy that belongs to the function is also what the
compiler can be sure of that nothing else writes to it; otherwise it compares addresses first, and
of so many it gives up and takes one channel at a time.

With several filters per channel it is left to NumPy.
"""

from collections.abc import Callable

import numpy as np

from src.classic_cnn import depthwise
from src.classic_cnn.utils import Geometry, input_gradient_geometry
from src.classic_nn.array_types import Array
from src.common.kernels import numpy_form
from src.common.loops import Array3, Array4, Vector, Whole, contiguous, loop, part

ROWS = 128
"""Rows of a block of a sum: a long sum in single precision loses what it adds last."""

TOGETHER = 4
"""Positions whose products are added to dw at once, so that it is loaded and stored less often."""


@part
def copy_row(x: Array4, n: int, r: int, left: int, band: Array3, z: int, size: int) -> None:
    """band[z] and band[z + size] = row r of sample n with its padding; zeros outside the image."""
    height, width, channels = x.shape[1:]
    for t in range(band.shape[1]):
        s = t - left
        if 0 <= r < height and 0 <= s < width:
            for c in range(channels):
                band[z, t, c] = x[n, r, s, c]
                band[z + size, t, c] = x[n, r, s, c]
        else:
            for c in range(channels):
                band[z, t, c] = 0
                band[z + size, t, c] = 0


def _forward_loop(size: int, stride: int) -> Callable[..., None]:
    """Compile y for one size and stride."""

    @loop
    def forward(x: Array4, w: Array3, b: Vector, top: Whole, left: Whole, y: Array4) -> None:
        samples, height, width, channels = y.shape
        band = np.empty((2 * size, (width - 1) * stride + size, channels), x.dtype)
        kernel, bias = w.copy(), b.copy()
        for n in range(samples):
            copied = 0
            for p in range(height):
                first = p * stride
                for r in range(max(copied, first), first + size):
                    copy_row(x, n, r - top, left, band, r % size, size)
                copied = first + size
                rows = band[first % size : first % size + size]  # those under the kernel
                for q in range(width):
                    s = q * stride
                    for c in range(channels):
                        total = bias[c]
                        for i in range(size):
                            for j in range(size):
                                total += rows[i, s + j, c] * kernel[i, j, c]
                        y[n, p, q, c] = total

    return forward


def _kernel_gradient_loop(size: int, stride: int) -> Callable[..., None]:
    """Compile dw += its sum for one size and stride, without dilation."""

    @loop
    def kernel_gradient(x: Array4, dy: Array4, top: Whole, left: Whole, dw: Array3) -> None:
        samples, height, width, channels = dy.shape
        band = np.empty((2 * size, (width - 1) * stride + size, channels), x.dtype)
        total = np.zeros((size, size, channels), x.dtype)
        dw[...] = 0
        for n in range(samples):
            copied = 0
            for p in range(height):
                first = p * stride
                for r in range(max(copied, first), first + size):
                    copy_row(x, n, r - top, left, band, r % size, size)
                copied = first + size
                rows = band[first % size : first % size + size]  # those under the kernel
                for i in range(size):
                    for q in range(0, width - TOGETHER + 1, TOGETHER):
                        s = q * stride
                        for c in range(channels):
                            d0, d1 = dy[n, p, q, c], dy[n, p, q + 1, c]
                            d2, d3 = dy[n, p, q + 2, c], dy[n, p, q + 3, c]
                            for j in range(size):
                                total[i, j, c] += (
                                    rows[i, s + j, c] * d0
                                    + rows[i, s + stride + j, c] * d1
                                    + rows[i, s + 2 * stride + j, c] * d2
                                    + rows[i, s + 3 * stride + j, c] * d3
                                )
                    for q in range(width // TOGETHER * TOGETHER, width):
                        for c in range(channels):
                            for j in range(size):
                                total[i, j, c] += rows[i, q * stride + j, c] * dy[n, p, q, c]
                if (n * height + p) % ROWS == 0:
                    dw += total
                    total[...] = 0
        dw += total

    return kernel_gradient


@loop
def any_forward_loop(
    x: Array4,
    w: Array3,
    b: Vector,
    sy: Whole,
    sx: Whole,
    dy: Whole,
    dx: Whole,
    top: Whole,
    left: Whole,
    y: Array4,
) -> None:
    """y for any kernel, stride and dilation."""
    height, width, channels = x.shape[1:]
    for n in range(y.shape[0]):
        for p in range(y.shape[1]):
            for q in range(y.shape[2]):
                for c in range(channels):
                    y[n, p, q, c] = b[c]
                for i in range(w.shape[0]):
                    for j in range(w.shape[1]):
                        r, s = p * sy + i * dy - top, q * sx + j * dx - left
                        if 0 <= r < height and 0 <= s < width:
                            for c in range(channels):
                                y[n, p, q, c] += x[n, r, s, c] * w[i, j, c]


@loop
def any_kernel_gradient_loop(
    x: Array4,
    up: Array4,
    sy: Whole,
    sx: Whole,
    dy: Whole,
    dx: Whole,
    top: Whole,
    left: Whole,
    dw: Array3,
) -> None:
    """dw += its sum, from the upstream gradient, for any kernel, stride and dilation."""
    height, width, channels = x.shape[1:]
    for n in range(up.shape[0]):
        for p in range(up.shape[1]):
            for q in range(up.shape[2]):
                for i in range(dw.shape[0]):
                    for j in range(dw.shape[1]):
                        r, s = p * sy + i * dy - top, q * sx + j * dx - left
                        if 0 <= r < height and 0 <= s < width:
                            for c in range(channels):
                                dw[i, j, c] += x[n, r, s, c] * up[n, p, q, c]


@loop
def any_input_gradient_loop(
    up: Array4,
    w: Array3,
    sy: Whole,
    sx: Whole,
    dy: Whole,
    dx: Whole,
    top: Whole,
    left: Whole,
    down: Array4,
) -> None:
    """down += what every output sends back, for any kernel, stride and dilation."""
    height, width, channels = down.shape[1:]
    for n in range(up.shape[0]):
        for p in range(up.shape[1]):
            for q in range(up.shape[2]):
                for i in range(w.shape[0]):
                    for j in range(w.shape[1]):
                        r, s = p * sy + i * dy - top, q * sx + j * dx - left
                        if 0 <= r < height and 0 <= s < width:
                            for c in range(channels):
                                down[n, r, s, c] += up[n, p, q, c] * w[i, j, c]


USUAL = [(3, 1), (3, 2), (5, 1), (5, 2)]
"""Sizes and strides with loops of their own."""

FORWARD = {case: _forward_loop(*case) for case in USUAL}
KERNEL_GRADIENT = {case: _kernel_gradient_loop(*case) for case in USUAL}


def depthwise_forward(x: Array, w: Array, b: Array | None, where: Geometry, out: Array) -> None:
    """See ``depthwise.depthwise_forward``."""
    if w.shape[3] != x.shape[3]:
        numpy_form(depthwise.depthwise_forward)(x, w, b, where, out)
        return
    b = np.zeros(w.shape[3], x.dtype) if b is None else b
    x, w, b = contiguous(x, w[:, :, 0], b)
    _forward(x, w, b, where, out)


def _forward(x: Array, w: Array, b: Array, where: Geometry, out: Array) -> None:
    (top, _), (left, _) = where.padding
    if usual(where):
        FORWARD[where.kernel[0], where.stride[0]](x, w, b, top, left, out)
    else:
        any_forward_loop(x, w, b, *where.stride, *where.dilation, top, left, out)


def depthwise_backward(
    dy: Array, x: Array, w: Array, where: Geometry, dw: Array | None, input_gradient: bool = True
) -> Array | None:
    """See ``depthwise.depthwise_backward``."""
    if w.shape[3] != x.shape[3]:
        return numpy_form(depthwise.depthwise_backward)(dy, x, w, where, dw, input_gradient)
    dy, x, kernel = contiguous(dy, x, w[:, :, 0])
    (top, _), (left, _) = where.padding
    if dw is not None:
        dkernel = np.zeros_like(kernel)
        if usual(where):
            KERNEL_GRADIENT[where.kernel[0], where.stride[0]](x, dy, top, left, dkernel)
        else:
            any_kernel_gradient_loop(x, dy, *where.stride, *where.dilation, top, left, dkernel)
        dw[:, :, 0] = dkernel
    if not input_gradient:
        return None
    if where.stride == (1, 1):  # a convolution of dy with the kernel rotated by 180 degrees
        rotated, (vertical, horizontal) = input_gradient_geometry(where, (x.shape[1], x.shape[2]))
        dy, kernel = contiguous(dy[:, vertical, horizontal], kernel[::-1, ::-1])
        dx = np.empty_like(x)
        _forward(dy, kernel, np.zeros(x.shape[3], x.dtype), rotated, dx)
        return dx
    dx = np.zeros_like(x)
    any_input_gradient_loop(dy, kernel, *where.stride, *where.dilation, top, left, dx)
    return dx


def usual(where: Geometry) -> bool:
    """Whether there are loops for this size and stride."""
    square = where.kernel[0] == where.kernel[1] and where.stride[0] == where.stride[1]
    return square and where.dilation == (1, 1) and (where.kernel[0], where.stride[0]) in USUAL

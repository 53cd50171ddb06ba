"""Convolution, forward: the formula in plain NumPy, and the same in blocks.

    y[n, p, q, f] = b[f] + sum over i, j, c of
                    x[n, p s + i d - top, q s + j d - left, c] * w[i, j, c, f]

with stride s and dilation d, zeros outside the image (LeCun et al. 1998, section II.A; like
every deep-learning framework this is the cross-correlation: the kernel is not flipped).
``conv_forward_plain`` computes just that. ``conv_forward``, which layers use, goes block by block,
each small enough for the cache:

    1. combine  several outputs of a row at once, where one would be a narrow product
    2. multiply windows of x, one per row, times the kernel, one column per filter
    3. bias     added to every position

Groups divide the input channels and the filters into as many parts; a filter sees its own part
only. With as many groups as input channels the convolution is depthwise (Howard et al. 2017,
section 3.1).
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from src.classic_cnn.batched_matmul import batched_matmul
from src.classic_cnn.bias import add_bias
from src.classic_cnn.blocks import im2col_blocks
from src.classic_cnn.depthwise import depthwise_forward
from src.classic_cnn.multi_output import multi_output_geometry, multi_output_kernel, outputs_at_once
from src.classic_cnn.shifted_views import shifted_views
from src.classic_cnn.utils import Geometry, Padding, Pair, check_images, geometry, zero_pad
from src.classic_nn.array_types import Array
from src.common.kernels import operation


def conv_forward_plain(x: Array, w: Array, b: Array, where: Geometry) -> Array:
    """The formula, one kernel element at a time, for one group; ``conv_forward`` is equal.

    Args:
        x: (samples, height, width, channels).
        w: (KH, KW, channels, filters).
        b: (filters,).
        where: of ``utils.geometry``.

    Returns:
        y (samples, OH, OW, filters).
    """
    padded = zero_pad(x, where.padding)  # (samples, top + height + bottom, ..., channels)
    y = np.zeros((len(x), *where.output, w.shape[3]), x.dtype)  # (samples, OH, OW, filters)
    for i, j, pixels in shifted_views(padded, where):  # pixels (samples, OH, OW, channels)
        y += pixels @ w[i, j]  # w[i, j] is (channels, filters): the sum over channels
    return y + b


class ConvCache(NamedTuple):
    """What the backward pass needs.

    Attributes:
        x: (samples, height, width, channels), the input itself.
        w: (KH, KW, channels / groups, filters).
        where: geometry.
        groups: number of groups.
        relu_y: (samples, OH, OW, filters), the output where a ReLU was applied to it; else None.
        ceiling: upper end of that ReLU, inf or 6.
    """

    x: Array
    w: Array
    where: Geometry
    groups: int
    relu_y: Array | None = None
    ceiling: float = math.inf


def conv_forward(
    x: Array,
    w: Array,
    b: Array | None = None,
    stride: int | Pair = 1,
    padding: Padding = "valid",
    dilation: int | Pair = 1,
    groups: int = 1,
    relu: float | None = None,
) -> tuple[Array, ConvCache]:
    """Convolve images with a bank of filters.

    Args:
        x: (samples, height, width, channels).
        w: (KH, KW, channels / groups, filters).
        b: (filters,), or None for no bias.
        stride: pixels from one window to the next, one number or (vertical, horizontal).
        padding: "valid", "same", "same_tf", "ceil", or numbers of pixels; see ``utils.geometry``.
        dilation: pixels from one kernel element to the next.
        groups: parts into which channels and filters are divided.
        relu: upper end of a ReLU that follows and is applied here, y = min(max(y, 0), relu): inf
            for ReLU, 6 for ReLU6; None for no ReLU.

    Returns:
        y (samples, OH, OW, filters), and the cache for ``conv_backward``. The cache holds x
        itself, and with ``relu`` y: leave them as they are until then.

    Raises:
        ValueError: x is not floating point, channels, filters and groups do not fit, or the
            geometry is impossible.
    """
    check_images(x)
    check_channels(x.shape[3], w.shape, groups)
    if b is not None and b.shape != w.shape[3:]:
        raise ValueError(f"expected b of shape {w.shape[3:]}, got {b.shape}")
    where = geometry(x.shape[1:3], w.shape[:2], stride, padding, dilation)
    y = np.empty((len(x), *where.output, w.shape[3]), np.result_type(x, w))
    if is_depthwise(w, groups):
        depthwise_forward(x, w, b, where, y)
        if relu is not None:
            add_bias(y, None, relu)
    else:
        for channels, filters in group_slices(groups, x.shape[3], w.shape[3]):
            bias = None if b is None else b[filters]
            convolve(x[..., channels], w[..., filters], bias, where, y[..., filters], relu)
    if relu is None:
        return y, ConvCache(x, w, where, groups)
    return y, ConvCache(x, w, where, groups, y, relu)


@operation("src.classic_cnn.winograd_loops")
def convolve(
    x: Array, w: Array, b: Array | None, where: Geometry, out: Array, relu: float | None = None
) -> None:
    """Convolution of one group, written to out (samples, OH, OW, filters)."""
    for y in products(x, w, where, out):
        # 3. bias, while the block is in the cache
        if b is not None or relu is not None:
            add_bias(y, b, relu)


def products(x: Array, w: Array, where: Geometry, out: Array) -> Iterator[Array]:
    """Windows times kernel, written to out block by block; each block, when it is written."""
    # 1. neighbouring outputs together
    t = outputs_at_once(where, *w.shape[2:])
    kernel = multi_output_kernel(w, t).reshape(-1, t * w.shape[3])
    for samples, rows, columns in im2col_blocks(x, multi_output_geometry(where, t)):
        y = out[samples, rows]
        # 2. windows times kernel
        if y.flags.c_contiguous:
            batched_matmul(columns, kernel, out=y.reshape(len(columns), kernel.shape[1]))
        else:
            y[...] = (columns @ kernel).reshape(y.shape)
        yield y


def is_depthwise(w: Array, groups: int) -> bool:
    """Whether every input channel has filters of its own."""
    return groups > 1 and w.shape[2] == 1


def check_channels(channels: int, kernel_shape: tuple[int, ...], groups: int) -> None:
    """Raise ValueError unless channels, kernel and groups fit together."""
    filters = kernel_shape[3]
    if groups < 1 or channels % groups or filters % groups or kernel_shape[2] * groups != channels:
        raise ValueError(
            f"{channels} channels in {groups} groups need a kernel of shape (height, width, "
            f"channels / groups, filters) with filters divisible by groups; got {kernel_shape}"
        )


def group_slices(groups: int, channels: int, filters: int) -> list[tuple[slice, slice]]:
    """The input channels and the filters of each group."""
    c, f = channels // groups, filters // groups
    return [(slice(g * c, (g + 1) * c), slice(g * f, (g + 1) * f)) for g in range(groups)]

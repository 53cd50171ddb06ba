"""Geometry of windows: padding rules, output sizes, and views of an image as windows.

Images are (samples, height, width, channels). A kernel of size k with dilation d has the effective
size ``e = d * (k - 1) + 1`` pixels, and a padded length L gives ``(L - e) // stride + 1`` windows.
"""

from collections.abc import Sequence
from functools import lru_cache
from numbers import Integral
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from src.classic_nn.array_types import Array, Shape
from src.common.lookup import lookup

Pair = tuple[int, int]
Padding = str | int | Pair | tuple[Pair, Pair]
"""A rule ("valid", "same", "same_tf", "ceil"), pixels on all sides, (vertical, horizontal) pixels,
or ((top, bottom), (left, right)) pixels."""


class Geometry(NamedTuple):
    """Where the windows of an operation lie; pairs are (vertical, horizontal).

    Attributes:
        kernel: height and width of the kernel.
        stride: pixels from one window to the next.
        dilation: pixels from one kernel element to the next.
        padding: ((top, bottom), (left, right)) pixels.
        output: height and width of the output.
    """

    kernel: Pair
    stride: Pair
    dilation: Pair
    padding: tuple[Pair, Pair]
    output: Pair


def geometry(
    image: Pair, kernel: Pair, stride: int | Pair, padding: Padding, dilation: int | Pair = 1
) -> Geometry:
    """Resolve settings for an image of the given height and width.

    The padding rules, with the effective kernel size e = dilation * (kernel - 1) + 1:

    * "valid": no padding;
    * "same": e - 1 pixels in all, half on each side, an odd one at the bottom and right. At
      stride 1 the output is as large as the input. It depends on the kernel only, as PyTorch's
      padding does;
    * "same_tf": TensorFlow's rule. The output has ceil(image / stride) pixels; the padding that
      this takes is divided in halves, an odd one at the bottom and right. With a stride it
      depends on the size of the image too;
    * "ceil": as much at the bottom and right as completes the last window, if that begins inside
      the image (PyTorch's ``ceil_mode``).

    Raises:
        ValueError: an unknown rule, a number that is not positive (negative for padding), or an
            image that is smaller than the effective kernel; the text has all settings.
    """
    try:
        return _geometry(image, kernel, stride, padding, dilation)
    except TypeError:  # a list, as JSON has them, cannot be looked up
        return _geometry.__wrapped__(image, kernel, stride, padding, dilation)


@lru_cache(4096)
def _geometry(
    image: Pair, kernel: Pair, stride: int | Pair, padding: Padding, dilation: int | Pair
) -> Geometry:
    """``geometry``, remembered: a training step asks for the same ones again and again."""
    strides, dilations = pair(stride), pair(dilation)
    if min(*kernel, *strides, *dilations) < 1:
        raise ValueError(
            f"kernel size, stride and dilation must be 1 or more, got kernel {kernel}, stride "
            f"{strides}, dilation {dilations}"
        )
    effective = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True))
    if isinstance(padding, str):
        rule = lookup("padding", padding, PADDING_RULES)
        top_bottom, left_right = (
            rule(size, e, s) for size, e, s in zip(image, effective, strides, strict=True)
        )
    else:
        top_bottom, left_right = padding_sides(padding)
    if min(*top_bottom, *left_right) < 0:
        raise ValueError(f"padding must be 0 or more, got {padding}")
    sides = (top_bottom, left_right)
    height, width = (
        (size + sum(side) - e) // s + 1
        for size, side, e, s in zip(image, sides, effective, strides, strict=True)
    )
    if height < 1 or width < 1:
        raise ValueError(
            f"image of {image[0]} x {image[1]} pixels with padding {sides} is smaller than a "
            f"kernel of {kernel[0]} x {kernel[1]} with dilation {dilations}"
        )
    return Geometry(kernel, strides, dilations, sides, (height, width))


def _valid(size: int, effective: int, stride: int) -> Pair:
    return 0, 0


def _same(size: int, effective: int, stride: int) -> Pair:
    return (effective - 1) // 2, effective // 2


def _same_tf(size: int, effective: int, stride: int) -> Pair:
    total = max((-(-size // stride) - 1) * stride + effective - size, 0)
    return total // 2, total - total // 2


def _ceil(size: int, effective: int, stride: int) -> Pair:
    last = -(-max(size - effective, 0) // stride) * stride  # where the last window begins
    return 0, max(last + effective - size, 0) if last < size else 0


PADDING_RULES = {"valid": _valid, "same": _same, "same_tf": _same_tf, "ceil": _ceil}
"""From image size, effective kernel size and stride to the pixels before and after, by name."""


def pair(value: int | Pair) -> Pair:
    """(vertical, horizontal) of one whole number or two; ValueError for anything else."""
    both = tuple(value) if isinstance(value, Sequence) else (value, value)
    if len(both) != 2 or not all(isinstance(number, Integral) for number in both):
        raise ValueError(f"expected a whole number or two of them, got {value!r}")
    return int(both[0]), int(both[1])


def padding_sides(padding: int | Pair | tuple[Pair, Pair]) -> tuple[Pair, Pair]:
    """((top, bottom), (left, right)) of pixels in any of their three forms."""
    if isinstance(padding, Sequence) and len(padding) == 2:
        return pair(padding[0]), pair(padding[1])
    return pair(padding), pair(padding)


def check_images(x: Array) -> None:
    """Raise ValueError unless x is (samples, height, width, channels) of floating point."""
    if x.ndim != 4 or not np.issubdtype(x.dtype, np.floating):
        raise ValueError(
            "expected floating-point images (samples, height, width, channels), got shape "
            f"{x.shape} of {x.dtype}"
        )


def check_gradient(dy: Array, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless an upstream gradient has the output's shape."""
    if dy.shape != shape:
        raise ValueError(f"expected dy of the output's shape {shape}, got {dy.shape}")


def image_shape(sample_shape: Shape) -> Pair:
    """Height and width of a sample (height, width, channels); ValueError for another shape."""
    if len(sample_shape) != 3:
        raise ValueError(f"expected samples of shape (height, width, channels), got {sample_shape}")
    return sample_shape[0], sample_shape[1]


def zero_pad(x: Array, padding: Padding, value: float = 0.0) -> Array:
    """Pad images with a value on their four sides.

    Args:
        x: (samples, height, width, channels).
        padding: pixels on all sides, (vertical, horizontal), or ((top, bottom), (left, right)).
        value: of the padding.

    Returns:
        (samples, top + height + bottom, left + width + right, channels), a new array.

    >>> zero_pad(np.ones((1, 1, 2, 1)), (0, 1))[0, :, :, 0]
    array([[0., 1., 1., 0.]])
    """
    if isinstance(padding, str):
        raise ValueError(f"zero_pad needs numbers of pixels, got {padding!r}")
    (top, bottom), (left, right) = padding_sides(padding)
    n, height, width, channels = x.shape
    padded = np.full((n, top + height + bottom, left + width + right, channels), value, x.dtype)
    padded[:, top : top + height, left : left + width] = x
    return padded


def without_padding(padded: Array, where: Geometry) -> Array:
    """The image inside the padding: the backward of ``zero_pad``; a copy where there is any."""
    (top, bottom), (left, right) = where.padding
    if not (top or bottom or left or right):
        return padded
    height, width = padded.shape[1:3]
    return padded[:, top : height - bottom, left : width - right].copy()


def input_gradient_geometry(where: Geometry, image: Pair) -> tuple[Geometry, tuple[slice, slice]]:
    """Geometry of the convolution that sends a gradient back, at stride 1.

    With the effective kernel size e, padding dy with e - 1 - top zeros before it (and likewise
    after) makes the result as large as the input. Where the forward padding was larger than
    e - 1, that number is negative: those outputs saw zeros only and are left out.

    Args:
        where: geometry of the forward pass.
        image: height and width of its input.

    Returns:
        The geometry, and which rows and columns of dy take part.
    """
    padding, inside = [], []
    for kernel, dilation, (before, after), size in zip(
        where.kernel, where.dilation, where.padding, where.output, strict=True
    ):
        effective = dilation * (kernel - 1) + 1
        padding.append((max(effective - 1 - before, 0), max(effective - 1 - after, 0)))
        first, last = before - effective + 1, after - effective + 1
        inside.append(slice(max(first, 0), size - max(last, 0)))
    geometry_back = Geometry(
        where.kernel, (1, 1), where.dilation, (padding[0], padding[1]), (image[0], image[1])
    )
    return geometry_back, (inside[0], inside[1])


def windows(padded: Array, where: Geometry) -> Array:
    """Every window of padded images, as a read-only view that copies nothing.

    Args:
        padded: (samples, padded height, padded width, channels).
        where: the geometry.

    Returns:
        (samples, OH, OW, KH, KW, channels): element [n, y, x, i, j, c] is
        padded[n, y * stride + i * dilation, x * stride + j * dilation, c].
    """
    n, row, column, channel = padded.strides
    (sy, sx), (dy, dx) = where.stride, where.dilation
    return as_strided(
        padded,
        (len(padded), *where.output, *where.kernel, padded.shape[3]),
        (n, sy * row, sx * column, dy * row, dx * column, channel),
        writeable=False,
    )

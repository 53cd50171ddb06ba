"""Enlarging and shrinking maps, by bilinear interpolation or by the nearest value.

The value at a place of the output is a weighted mean of the four nearest values of the input. Along
one axis, with ``scale = in / out`` and pixels as small squares whose centers lie at 0.5, 1.5, ...:

    place(i) = (i + 0.5) scale - 0.5,  cut off to [0, in - 1]
    y_i = (1 - f) x_k + f x_(k + 1),   k = floor(place), f = place - k

That is a matrix A (out, in) with two numbers in a row, and of images y = A_h x A_w^T, channel by
channel. So dx = A_h^T dy A_w. It is PyTorch's ``interpolate(mode="bilinear")`` without
``align_corners``, and ONNX's Resize with half_pixel coordinates. There is no antialiasing: where it
shrinks it looks at four pixels, however many there are.

The nearest value is  y_i = x_k,  k = floor(i scale),  one 1 in a row of A: PyTorch's
``interpolate(mode="nearest")``, and ONNX's Resize with asymmetric coordinates and "floor".
"""

from functools import lru_cache

import numpy as np
from numpy.typing import DTypeLike

from src.classic_cnn.utils import check_images
from src.classic_nn.array_types import Array

ResizeCache = tuple[Array, Array]
"""A_h (out_height, height) and A_w (out_width, width)."""


def resize_forward(
    x: Array, size: tuple[int, int], mode: str = "linear"
) -> tuple[Array, ResizeCache]:
    """y = A_h x A_w^T for each channel.

    Args:
        x: (samples, height, width, channels).
        size: (out_height, out_width).
        mode: "linear" or "nearest".

    Returns:
        y (samples, out_height, out_width, channels), and the cache.

    >>> x = np.array([0.0, 4.0]).reshape(1, 1, 2, 1)
    >>> resize_forward(x, (1, 4))[0].ravel().tolist()
    [0.0, 1.0, 3.0, 4.0]
    """
    check_images(x)
    matrix = MATRICES[mode]
    a_h = matrix(x.shape[1], size[0], x.dtype)
    a_w = matrix(x.shape[2], size[1], x.dtype)
    return _both_axes(x, a_h, a_w), (a_h, a_w)


def resize_backward(dy: Array, cache: ResizeCache) -> Array:
    """dx = A_h^T dy A_w, (samples, height, width, channels)."""
    a_h, a_w = cache
    return _both_axes(dy, a_h.T, a_w.T)


@lru_cache(maxsize=32)
def interpolation_matrix(size: int, wanted: int, dtype: DTypeLike) -> Array:
    """A (wanted, size): every row adds up to one."""
    places = np.clip((np.arange(wanted) + 0.5) * size / wanted - 0.5, 0, size - 1)
    lower = np.minimum(places.astype(int), max(size - 2, 0))
    fraction = places - lower
    matrix = np.zeros((wanted, size), dtype)
    rows = np.arange(wanted)
    matrix[rows, lower] = 1 - fraction
    if size > 1:
        matrix[rows, lower + 1] = fraction
    matrix.flags.writeable = False  # shared by all calls
    return matrix


@lru_cache(maxsize=32)
def nearest_matrix(size: int, wanted: int, dtype: DTypeLike) -> Array:
    """A (wanted, size): a 1 in every row."""
    matrix = np.zeros((wanted, size), dtype)
    matrix[np.arange(wanted), np.arange(wanted) * size // wanted] = 1
    matrix.flags.writeable = False
    return matrix


MATRICES = {"linear": interpolation_matrix, "nearest": nearest_matrix}
"""What makes A, by mode."""


def _both_axes(x: Array, a_h: Array, a_w: Array) -> Array:
    """A_h x A_w^T; each product on the axis as it lies in memory."""
    samples, height, width, channels = x.shape
    rows = np.matmul(a_h, x.reshape(samples, height, width * channels))
    return np.matmul(a_w, rows.reshape(samples, len(a_h), width, channels))

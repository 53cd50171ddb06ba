"""Exercises of notebook 5, *Convolution: from loops to matrix products*."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from exercises.check import Array, Claim, call, differences, exercise
from src.classic_cnn import conv_forward
from src.classic_cnn.utils import geometry


@exercise
def conv_output_size(answer: Any) -> Iterator[Claim]:
    """(size, kernel, stride, padding) -> the height of the output."""
    settings = [(7, 3, 1, 0), (7, 3, 1, 1), (7, 3, 2, 0), (8, 3, 2, 0), (8, 3, 2, 1)]
    for size, kernel, stride, padding in [*settings, (224, 7, 2, 3), (10, 2, 3, 0), (5, 5, 1, 0)]:
        sides = ((padding, padding), (0, 0))
        right = geometry((size, 1), (kernel, 1), (stride, 1), sides).output[0]
        name = f"OH for size {size}, kernel {kernel}, stride {stride}, padding {padding}"
        yield Claim(name, call(answer, size, kernel, stride, padding), right)


@exercise
def convolution_matrix(answer: Any) -> Iterator[Claim]:
    """w (K,), size -> T (size - K + 1, size), by which the convolution is T x."""
    rng = np.random.default_rng(10)
    for kernel, size in ((3, 6), (2, 2), (1, 4)):
        w = rng.normal(size=kernel)
        # a row of pixels is an image of one row; the unit vectors give the columns
        units = np.eye(size).reshape(size, 1, size, 1)
        columns, _ = conv_forward(units, w.reshape(1, kernel, 1, 1))
        hint = f"Here K is {kernel} and size {size}; column by column, T times a unit vector"
        yield Claim("T", call(answer, w, size), columns[:, 0, :, 0].T, hint=hint)


@exercise
def strided_input_gradient(answer: Any) -> Iterator[Claim]:
    """(dy, w, stride, height, width) -> dx of a convolution with a stride."""
    rng = np.random.default_rng(11)
    for stride, (height, width) in ((1, (4, 4)), (2, (8, 6)), (3, (6, 5))):
        w = rng.normal(size=(3, 2, 2, 3))
        x = rng.normal(size=(2, height, width, 2))
        dy = rng.normal(size=conv_forward(x, w, stride=stride)[0].shape)
        hint = f"The stride is {stride} here, the image {height} x {width}"
        given = call(answer, dy, w, stride, height, width)
        right = _input_differences(dy, x, w, stride)
        yield Claim("dx", given, right, "finite differences", hint=hint)


def _input_differences(dy: Array, x: Array, w: Array, stride: int) -> Array:
    """Finite differences of sum(dy y) by x."""
    return differences(lambda at: float(np.sum(dy * conv_forward(at, w, stride=stride)[0])), x)

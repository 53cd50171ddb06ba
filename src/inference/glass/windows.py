"""Windows of convolution and pooling: what they take of the input, the padding included."""

import numpy as np

from src.classic_cnn.layers.convolution import Conv2D
from src.classic_cnn.layers.pooling import MaxPool2D
from src.classic_cnn.utils import Geometry, geometry, pair
from src.classic_nn.array_types import Array
from src.classic_nn.layers.base import Layer
from src.inference.glass.opened import Source


def geometry_of(layer: Layer, image: tuple[int, int]) -> Geometry:
    """Where the windows of a convolution or pooling lie."""
    if isinstance(layer, Conv2D):
        kernel = pair(layer.kernel_size)
        return geometry(image, kernel, layer.stride, layer.padding, layer.dilation)
    assert isinstance(layer, MaxPool2D)
    return layer.geometry(image)


def window_source(
    path: str, where: Geometry, row: int, column: int, channels: tuple[int, int]
) -> Source:
    """The box of the input that a place of the output sees.

    Args:
        path: of the input.
        where: of the windows.
        row, column: of the output.
        channels: the first, and how many.
    """
    start = (
        row * where.stride[0] - where.padding[0][0],
        column * where.stride[1] - where.padding[1][0],
        channels[0],
    )
    return Source(path, start, (*where.dilation, 1), (*where.kernel, channels[1]))


def taken(x: Array, source: Source, padding: float = 0.0) -> Array:
    """The values of the box in x (height, width, channels); what lies outside is padding."""
    found = np.full(source.shape, padding, x.dtype)
    rows, columns = (
        source.start[axis] + source.step[axis] * np.arange(source.shape[axis]) for axis in (0, 1)
    )
    inside_rows = (rows >= 0) & (rows < x.shape[0])
    inside_columns = (columns >= 0) & (columns < x.shape[1])
    first, count = source.start[2], source.shape[2]
    box = x[np.ix_(rows[inside_rows], columns[inside_columns])][..., first : first + count]
    found[np.ix_(inside_rows, inside_columns)] = box
    return found

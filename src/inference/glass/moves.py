"""Layers that move values, and change none: where a value comes from, and where it goes."""

import numpy as np

from src.classic_cnn.layers.zero_padding import ZeroPad2D
from src.classic_nn.array_types import Array
from src.classic_nn.layers import Dropout, Flatten, Layer
from src.classic_nn.layers.channels import ShuffleChannels, SliceChannels

MOVING = (Flatten, ShuffleChannels, SliceChannels, Dropout, ZeroPad2D)
"""Classes, in evaluation; and a bare ``Layer``, the identity."""


def moves(layer: Layer) -> bool:
    """Whether a layer only moves values."""
    return isinstance(layer, MOVING) or type(layer) is Layer


def _numbered(layer: Layer, shape: tuple[int, ...]) -> Array:
    """The layer's output for an input whose values are their own numbers, from 1."""
    numbers = np.arange(1.0, np.prod(shape) + 1).reshape(1, *shape)
    return np.asarray(layer.forward(numbers)[0][0])


def source_place(
    layer: Layer, shape: tuple[int, ...], place: tuple[int, ...]
) -> tuple[int, ...] | None:
    """Where the value at a place of the output comes from; None for padding.

    Args:
        layer: one of ``MOVING``.
        shape: of its input.
        place: of its output.
    """
    number = int(_numbered(layer, shape)[place])
    if number == 0:
        return None
    return tuple(int(k) for k in np.unravel_index(number - 1, shape))


def target_place(
    layer: Layer, shape: tuple[int, ...], place: tuple[int, ...]
) -> tuple[int, ...] | None:
    """Where the value at a place of the input goes; None where it is left out."""
    number = int(np.ravel_multi_index(place, shape)) + 1
    found = np.argwhere(_numbered(layer, shape) == number)
    return tuple(int(k) for k in found[0]) if len(found) else None

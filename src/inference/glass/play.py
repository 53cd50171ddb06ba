"""What can be changed about a photo and a network, to see what follows."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.layers.trace import trace_network
from src.inference.glass.values import Place, arrays_of, check_place


@dataclass(frozen=True)
class Changes:
    """What is changed.

    Attributes:
        occlude: left, top, right, bottom of a box, as fractions; it gets the input's mean colour.
        shift: pixels (down, right); what comes in from outside repeats the edge.
        rotate: degrees, counterclockwise.
        noise: standard deviation of normal noise, in standard deviations of the input.
        weights: (path of the layer, name of the array, place, value).
        dropped: by paths of nodes, channels of their outputs that become 0.
    """

    occlude: tuple[float, float, float, float] | None = None
    shift: tuple[float, float] = (0.0, 0.0)
    rotate: float = 0.0
    noise: float = 0.0
    weights: Sequence[tuple[str, str, Place, float]] = ()
    dropped: Mapping[str, Sequence[int]] = field(default_factory=dict)


def changed_input(x: Array, changes: Changes) -> Array:
    """An input (height, width, channels) with the changes that concern it, in its own type."""
    mean, deviation = x.mean(axis=(0, 1), keepdims=True), float(x.std())
    y = x
    if changes.rotate:
        from scipy.ndimage import rotate

        y = rotate(y, changes.rotate, reshape=False, order=1, mode="nearest")
    if any(changes.shift):
        from scipy.ndimage import shift

        y = shift(y, (*changes.shift, 0), order=1, mode="nearest")
    if changes.occlude is not None:
        left, top, right, bottom = changes.occlude
        height, width = x.shape[:2]
        rows = slice(round(top * height), round(bottom * height))
        columns = slice(round(left * width), round(right * width))
        y = y.copy()
        y[rows, columns] = mean
    if changes.noise:
        normal = np.random.default_rng(0).standard_normal(x.shape)
        y = y + changes.noise * deviation * normal
    return y.astype(x.dtype)


@contextmanager
def changed_weights(network: Any, changes: Changes) -> Iterator[None]:
    """The network with other weights, for as long as the block runs.

    Raises KeyError for a layer or an array that it does not have, IndexError for a place.
    """
    layers = {node.path: node.layer for node in trace_network(network) if node.layer is not None}
    before: list[tuple[Array, Place, Any]] = []
    try:
        for path, name, place, value in changes.weights:
            array = arrays_of(layers[path])[name]
            check_place(tuple(place), array.shape)
            before.append((array, tuple(place), array[tuple(place)].copy()))
            array[tuple(place)] = value
        yield
    finally:
        for array, place, value in reversed(before):
            array[place] = value

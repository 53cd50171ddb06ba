"""Layers of numbers at work in an ``IntegerNetwork``: on integers, as a table, or on numbers.

    means           y_hat = clamp( round( (s_x / s_y) mean of x_hat ) )
    any function    y_hat = clamp( round( f(s_x x_hat) / s_y ) )         a table of all integers
    other layers    y_hat = clamp( round( layer(s_x x_hat) / s_y ) )     computed in numbers

Maximum pooling, padding and flattening move integers, and stay as they are. See ``integer_layers``
for the names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from src.classic_cnn.quantized.integer_layers import IntegerLayer
from src.classic_nn.array_types import Array, Shape
from src.classic_nn.layers.base import Layer
from src.classic_nn.layers.registry import layer_from_config


@dataclass(eq=False)
class WrappedLayer(IntegerLayer):
    """Base of those that have a layer of numbers inside.

    Args:
        layer: its configuration.
        input_scale: s_x.
    """

    layer: Any = None
    input_scale: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._layer = self.layer if isinstance(self.layer, Layer) else layer_from_config(self.layer)

    @property
    def inner(self) -> Layer:
        """The layer of numbers."""
        return self._layer

    def config(self) -> dict[str, Any]:
        """With the configuration of the layer."""
        return {**super().config(), "layer": self._layer.config()}

    def output_of(self, shapes: Sequence[Shape]) -> Shape:
        """That of the layer."""
        return self._layer.output_shape(shapes[0])

    def make(self, shapes: Sequence[Shape], dtype: DTypeLike) -> None:
        """Build the layer."""
        super().make(shapes, dtype)
        self._layer.build(shapes[0], None, dtype)


@dataclass(eq=False)
class OfIntegers(WrappedLayer):
    """A layer that moves integers, takes the largest, or their mean.

    With an ``input_scale`` of 0 the outputs are of the input's scale, as they are; else, for means,
    they are brought to ``scale``.
    """

    def compute(self, *inputs: Array) -> Array:
        """What the layer makes of the integers."""
        y, _ = self._layer.forward(inputs[0])
        if not self.input_scale:
            return y
        return self.clamp(y * np.float32(self.input_scale / self.scale))


@dataclass(eq=False)
class IntegerTable(WrappedLayer):
    """Any function of single numbers: an entry for each integer.

    Args:
        input_low: the smallest of the input's integers.
        input_high: the largest.
    """

    input_low: int = 0
    input_high: int = 255

    def make(self, shapes: Sequence[Shape], dtype: DTypeLike) -> None:
        """Make the table, (entries,)."""
        super().make(shapes, dtype)
        integers = np.arange(self.input_low, self.input_high + 1, dtype=np.float32)
        y, _ = self._layer.forward(integers[np.newaxis] * np.float32(self.input_scale))
        self._table = self.clamp((y[0] / np.float32(self.scale)).astype(np.float32))

    def compute(self, *inputs: Array) -> Array:
        """The entries of the integers."""
        places = (inputs[0] - np.float32(self.input_low)).astype(np.intp)
        found: Array = self._table[places]
        return found


@dataclass(eq=False)
class InNumbers(WrappedLayer):
    """A layer that computes with numbers; its arrays are this layer's buffers."""

    def make(self, shapes: Sequence[Shape], dtype: DTypeLike) -> None:
        """Build the layer."""
        super().make(shapes, dtype)
        self.buffers = {**self._layer.parameters, **self._layer.frozen, **self._layer.buffers}

    def compute(self, *inputs: Array) -> Array:
        """The layer's outputs, as integers unless ``scale`` is 0."""
        y, _ = self._layer.forward(inputs[0] * np.float32(self.input_scale))
        return self.clamp(y / np.float32(self.scale)) if self.scale else y

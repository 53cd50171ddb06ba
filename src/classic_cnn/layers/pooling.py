"""Pooling as layers."""

from dataclasses import dataclass
from typing import Any

from src.classic_cnn.pooling import (
    average_pool_backward,
    average_pool_forward,
    global_average_pool_backward,
    global_average_pool_forward,
    max_pool_backward,
    max_pool_forward,
)
from src.classic_cnn.pooling.forward import pool_geometry
from src.classic_cnn.utils import Geometry, Padding, Pair, image_shape
from src.classic_nn.array_types import Array, Shape
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers.base import Layer
from src.classic_nn.parameters import ParameterVector


@dataclass(eq=False)
class Pooling(Layer):
    """Base of the pooling layers: subclasses give ``forward`` and ``backward_input``."""

    def backward_input(self, dy: Array, cache: Any) -> Array:
        """dx of the input's shape: every output's gradient, given back to its window."""
        raise NotImplementedError

    def backward(
        self,
        dy: Array,
        cache: Any,
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """dx of the input's shape; there are no parameters."""
        dx = self.backward_input(dy, cache) if input_gradient else None
        return dx, self.gradient_vector(out)


@dataclass(eq=False)
class MaxPool2D(Pooling):
    """Largest value of each window of each channel.

    Args:
        window: one number or (height, width).
        stride: one number or (vertical, horizontal); the window's size if None.
        padding: "valid", "same", "same_tf", "ceil", or numbers of pixels.
        dilation: pixels from one element of a window to the next.
    """

    window: int | Pair = 2
    stride: int | Pair | None = None
    padding: Padding = 0
    dilation: int | Pair = 1

    def geometry(self, image: Pair) -> Geometry:
        """Where the windows lie in an image of this height and width."""
        return pool_geometry(image, self.window, self.stride, self.padding, self.dilation)

    def output_shape(self, input_shape: Shape) -> Shape:
        """(OH, OW, channels)."""
        return (*self.geometry(image_shape(input_shape)).output, input_shape[2])

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, Any]:
        """(samples, height, width, channels) -> (samples, OH, OW, channels)."""
        return max_pool_forward(x, self.window, self.stride, self.padding, self.dilation)

    def backward_input(self, dy: Array, cache: Any) -> Array:
        """To the first maximum of each window."""
        return max_pool_backward(dy, cache)


@dataclass(eq=False)
class AveragePool2D(MaxPool2D):
    """Mean of each window of each channel.

    Args:
        window: one number or (height, width).
        stride: one number or (vertical, horizontal); the window's size if None.
        padding: "valid", "same", "same_tf", "ceil", or numbers of pixels.
        dilation: pixels from one element of a window to the next.
        count_padding: whether the zeros of the padding count as values.
    """

    count_padding: bool = True

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, Any]:
        """(samples, height, width, channels) -> (samples, OH, OW, channels)."""
        settings = (self.window, self.stride, self.padding, self.count_padding, self.dilation)
        return average_pool_forward(x, *settings)

    def backward_input(self, dy: Array, cache: Any) -> Array:
        """In equal parts over each window."""
        return average_pool_backward(dy, cache)


@dataclass(eq=False)
class GlobalAveragePool(Pooling):
    """Mean over all pixels: (samples, height, width, channels) -> (samples, channels)."""

    def output_shape(self, input_shape: Shape) -> Shape:
        """(channels,)."""
        image_shape(input_shape)
        return input_shape[-1:]

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, Any]:
        """Average; the cache is the shape of x."""
        return global_average_pool_forward(x)

    def backward_input(self, dy: Array, cache: Any) -> Array:
        """In equal parts over all pixels."""
        return global_average_pool_backward(dy, cache)

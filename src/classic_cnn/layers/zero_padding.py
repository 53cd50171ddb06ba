"""Zero padding as a layer: where it is not that of the operation that follows."""

from dataclasses import dataclass
from typing import Any

from src.classic_cnn.utils import Pair, check_images, image_shape, padding_sides, zero_pad
from src.classic_nn.array_types import Array, Shape
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers.base import Layer
from src.classic_nn.parameters import ParameterVector


@dataclass(eq=False)
class ZeroPad2D(Layer):
    """Zeros on the sides of each image.

    Args:
        padding: pixels on all sides, (vertical, horizontal), or ((top, bottom), (left, right)).
    """

    padding: int | Pair | tuple[Pair, Pair] = 1

    def output_shape(self, input_shape: Shape) -> Shape:
        """(top + height + bottom, left + width + right, channels)."""
        height, width = image_shape(input_shape)
        (top, bottom), (left, right) = padding_sides(self.padding)
        return (top + height + bottom, left + width + right, input_shape[2])

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, Shape]:
        """(samples, height, width, channels) -> (samples, ..., channels); the cache is a shape."""
        check_images(x)
        return zero_pad(x, self.padding), x.shape

    def backward(
        self,
        dy: Array,
        cache: Any,
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """dx: the part of dy that is not padding; there are no parameters."""
        out = self.gradient_vector(out)
        if not input_gradient:
            return None, out
        (top, _), (left, _) = padding_sides(self.padding)
        return dy[:, top : top + cache[1], left : left + cache[2]].copy(), out

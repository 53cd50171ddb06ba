"""Resizing of maps as a layer."""

from dataclasses import dataclass
from typing import Any

from src.classic_cnn.resizing import MATRICES, resize_backward, resize_forward
from src.classic_cnn.utils import image_shape
from src.classic_nn.array_types import Array, Shape
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers.base import Layer
from src.classic_nn.parameters import ParameterVector
from src.common.lookup import lookup


@dataclass(eq=False)
class Resize2D(Layer):
    """Interpolation to a size; see ``classic_cnn.resizing``.

    Args:
        size: (height, width), or one number for both.
        mode: "linear", or "nearest" for the value of the nearest pixel.
    """

    size: int | tuple[int, int] = 64
    mode: str = "linear"

    def __post_init__(self) -> None:
        super().__post_init__()
        lookup("mode", self.mode, MATRICES)

    def output_shape(self, input_shape: Shape) -> Shape:
        """(height, width, channels), with the height and width of ``size``."""
        image_shape(input_shape)
        return (*self._size(), input_shape[2])

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, Any]:
        """(samples, height, width, channels) -> (samples, *size, channels)."""
        return resize_forward(x, self._size(), self.mode)

    def backward(
        self,
        dy: Array,
        cache: Any,
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """dx (samples, height, width, channels); there are no parameters."""
        dx = resize_backward(dy, cache) if input_gradient else None
        return dx, self.gradient_vector(out)

    def _size(self) -> tuple[int, int]:
        if isinstance(self.size, int):
            return self.size, self.size
        height, width = self.size
        return height, width

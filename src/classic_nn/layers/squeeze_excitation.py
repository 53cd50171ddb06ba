"""Squeeze and excitation (Hu et al. 2018): each channel weighted by what the whole image shows.

    squeeze   s[n, c] = sum over h, w of x[n, h, w, c] / (H W)     the mean over all pixels
    excite    e = excitation(s)                                    a small network
    scale     y[n, h, w, c] = x[n, h, w, c] * e[n, c]

    backward  de[n, c] = sum over h, w of dy[n, h, w, c] x[n, h, w, c]
              ds       = excitation's backward of de
              dx       = dy * e + ds / (H W)

x is used twice, for the mean and for the product, so dx has two terms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from src.classic_nn.array_types import Array, Shape
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers.base import Layer, TraceNode
from src.classic_nn.layers.container import Container, path_inside
from src.classic_nn.parameters import ParameterVector


@dataclass(eq=False)
class SqueezeExcitation(Container):
    """Weight the channels of samples (..., channels); parameters are named "excitation.W1".

    Args:
        excitation: from (channels,) to (channels,), usually
            ``Sequential([Dense(channels // 16), ReLU(), Dense(channels), Sigmoid()])``.
    """

    excitation: Layer

    def __post_init__(self) -> None:
        super().__post_init__()
        self.excitation.name = "excitation"

    def children(self) -> Sequence[Layer]:
        """The excitation."""
        return [self.excitation]

    def build_children(
        self, input_shape: Shape, rng: np.random.Generator | None, dtype: DTypeLike
    ) -> Shape:
        """Build the excitation for (channels,); ValueError unless that is its output."""
        channels = input_shape[-1:]
        shape = self.excitation.build(channels, rng, dtype)
        if len(input_shape) < 2 or shape != channels:
            raise ValueError(
                f"{self.name}: expected samples (..., channels) and an excitation that outputs "
                f"{channels}; got samples {input_shape} and an output {shape}"
            )
        return input_shape

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, Any]:
        """(samples, ..., channels) to the same shape."""
        self.check_input(x, self.built_shape())
        squeezed = x.mean(axis=_pixel_axes(x))
        excited, cache = self.forward_child(self.excitation, squeezed, context)
        return x * _per_pixel(excited, x), (x, excited, cache)

    def backward(
        self,
        dy: Array,
        cache: Any,
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """dx over both ways: through the scaled pixels and through their mean."""
        out = self.gradient_vector(out)
        if not (input_gradient or out.vector.size):
            return None, out  # nothing of it is trained
        x, excited, inner = cache
        dexcited = (dy * x).sum(axis=_pixel_axes(x))
        dsqueezed = self.backward_child(
            self.excitation, dexcited, inner, context, out.parts[0], input_gradient
        )
        if dsqueezed is None:
            return None, out
        dx = dy * _per_pixel(excited, x)
        dx += _per_pixel(dsqueezed / x.dtype.type(np.prod(x.shape[1:-1])), x)
        return dx, out

    def trace(self, source: TraceNode, path: str, nodes: list[TraceNode]) -> TraceNode:
        """The mean over the pixels, the excitation, and the product with the input."""
        squeezed = TraceNode(path_inside(path, "mean"), "Mean", (source.path,), source.shape[-1:])
        nodes.append(squeezed)
        excited = self.trace_child(self.excitation, squeezed, path, nodes)
        inputs = (source.path, excited.path)
        nodes.append(TraceNode(path_inside(path, "multiply"), "Multiply", inputs, source.shape))
        return nodes[-1]

    def multiply_adds(self, input_shape: Shape) -> int:
        """Those of the excitation."""
        return self.excitation.multiply_adds(input_shape[-1:])


def _pixel_axes(x: Array) -> tuple[int, ...]:
    """All axes between samples and channels."""
    return tuple(range(1, x.ndim - 1))


def _per_pixel(channels: Array, x: Array) -> Array:
    """(samples, channels) with axes of one where x has pixels."""
    return channels.reshape(len(x), *([1] * (x.ndim - 2)), x.shape[-1])

"""The residual sum: what a block computes, added to what it was given (He et al. 2016, eq. 1).

    forward   y  = body(x) + shortcut(x)
    backward  dx = body's backward of dy + shortcut's backward of dy

Without a shortcut the input itself is added, so a gradient reaches every earlier layer undivided.
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
class Residual(Container):
    """Add a body and a shortcut; parameters are named "body.W1", "shortcut.W1".

    Args:
        body: the block, a layer or a network.
        shortcut: a projection where the body changes the shape; None adds the input.
    """

    body: Layer
    shortcut: Layer | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.body.name = "body"
        if self.shortcut is not None:
            self.shortcut.name = "shortcut"

    def children(self) -> Sequence[Layer]:
        """Body and, if there is one, shortcut."""
        return [self.body] if self.shortcut is None else [self.body, self.shortcut]

    def build_children(
        self, input_shape: Shape, rng: np.random.Generator | None, dtype: DTypeLike
    ) -> Shape:
        """Build both for the same input; ValueError unless their outputs have the same shape."""
        shapes = [child.build(input_shape, rng, dtype) for child in self.children()]
        other = shapes[1] if self.shortcut is not None else input_shape
        if shapes[0] != other:
            raise ValueError(
                f"{self.name}: the body outputs {shapes[0]} and the shortcut {other}; "
                "they must be the same to be added"
            )
        return shapes[0]

    def output_shape(self, input_shape: Shape) -> Shape:
        """That of the body."""
        return self.body.output_shape(input_shape)

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, list[Any]]:
        """(samples, *input_shape) -> (samples, *output_shape), and the caches of both."""
        self.check_input(x, self.built_shape())
        results = [self.forward_child(child, x, context) for child in self.children()]
        y = results[0][0] + (results[1][0] if self.shortcut is not None else x)
        return y, [cache for _, cache in results]

    def backward(
        self,
        dy: Array,
        cache: list[Any],
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """dx is the sum over both ways."""
        out = self.gradient_vector(out)
        dx = dy.copy() if input_gradient and self.shortcut is None else None
        for k, child in enumerate(self.children()):
            if not (input_gradient or child.parameters.vector.size):
                continue  # nothing of it is trained
            way = self.backward_child(child, dy, cache[k], context, out.parts[k], input_gradient)
            dx = way if dx is None or way is None else dx + way
        return dx, out

    def trace(self, source: TraceNode, path: str, nodes: list[TraceNode]) -> TraceNode:
        """Body and shortcut, or the input itself, and their sum."""
        ends = [self.trace_child(child, source, path, nodes) for child in self.children()]
        if self.shortcut is None:
            ends.append(source)
        inputs = tuple(end.path for end in ends)
        nodes.append(TraceNode(path_inside(path, "add"), "Add", inputs, ends[0].shape))
        return nodes[-1]

    def multiply_adds(self, input_shape: Shape) -> int:
        """Sum over both."""
        return sum(child.multiply_adds(input_shape) for child in self.children())

"""Parallel branches, their outputs side by side (Szegedy et al. 2015, figure 2).

    forward   y  = [branch_1(x), branch_2(x), ...]     along the last axis: features or channels
    backward  dx = sum over k of branch_k's backward of its part of dy

Every branch takes the same input, so what they pass back is added up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from src.classic_nn.array_types import Array, Shape
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers.base import Layer, TraceNode
from src.classic_nn.layers.container import Container, named_layers, path_inside, with_names
from src.classic_nn.parameters import ParameterVector


@dataclass(eq=False, init=False)
class Parallel(Container):
    """Give the same input to every branch; parameters are named "branch1.W1", "branch2.W1".

    Args:
        branches: layers or networks whose outputs differ in the last axis at most; with names of
            your own, a mapping from these.
    """

    branches: Sequence[Layer]

    def __init__(self, branches: Sequence[Layer] | Mapping[str, Layer]) -> None:
        self.branches = branches  # type: ignore[assignment]  # a list from here on
        self.__post_init__()

    def __post_init__(self) -> None:
        names, self.branches = named_layers(self.branches)
        self.named = bool(names)
        super().__post_init__()
        for number, branch in enumerate(self.branches, start=1):
            branch.name = names[number - 1] if names else f"branch{number}"

    def config(self) -> dict[str, Any]:
        """Also the names of the branches, where they have some of their own."""
        return with_names(super().config(), self.branches if self.named else ())

    def children(self) -> Sequence[Layer]:
        """The branches."""
        return self.branches

    def build_children(
        self, input_shape: Shape, rng: np.random.Generator | None, dtype: DTypeLike
    ) -> Shape:
        """Build every branch for the same input; ValueError where outputs do not fit together."""
        for branch in self.branches:
            branch.build(input_shape, rng, dtype)
        return self.output_shape(input_shape)

    def output_shape(self, input_shape: Shape) -> Shape:
        """The branches' shape, with the sum of their last axes."""
        shapes = [branch.output_shape(input_shape) for branch in self.branches]
        if len({shape[:-1] for shape in shapes}) > 1:
            raise ValueError(
                f"{self.name}: the branches output {shapes}; they must be the same but for the "
                "last axis to stand side by side"
            )
        return (*shapes[0][:-1], sum(shape[-1] for shape in shapes))

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, list[Any]]:
        """(samples, *input_shape) -> (samples, *output_shape), and for each branch its cache."""
        self.check_input(x, self.built_shape())
        outputs, caches = zip(
            *(self.forward_child(branch, x, context) for branch in self.branches), strict=True
        )
        return np.concatenate(outputs, axis=-1), list(caches)

    def backward(
        self,
        dy: Array,
        cache: list[Any],
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """dx is the sum over the branches."""
        out = self.gradient_vector(out)
        shape = self.built_shape()
        widths = [branch.output_shape(shape)[-1] for branch in self.branches]
        dx: Array | None = None
        for k, part in enumerate(np.split(dy, np.cumsum(widths)[:-1], axis=-1)):
            if not (input_gradient or self.branches[k].parameters.vector.size):
                continue  # nothing of it is trained
            upstream = np.ascontiguousarray(part)
            way = self.backward_child(
                self.branches[k], upstream, cache[k], context, out.parts[k], input_gradient
            )
            dx = way if dx is None or way is None else dx + way
        return dx, out

    def trace(self, source: TraceNode, path: str, nodes: list[TraceNode]) -> TraceNode:
        """The branches, and their concatenation."""
        inputs = tuple(
            self.trace_child(branch, source, path, nodes).path for branch in self.branches
        )
        shape = self.output_shape(source.shape)
        nodes.append(TraceNode(path_inside(path, "concatenate"), "Concatenate", inputs, shape))
        return nodes[-1]

    def multiply_adds(self, input_shape: Shape) -> int:
        """Sum over the branches."""
        return sum(branch.multiply_adds(input_shape) for branch in self.branches)

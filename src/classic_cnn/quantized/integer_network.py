"""A network of integer layers, wired as its trace says."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from src.classic_cnn.quantized.integer_layers import IntegerLayer
from src.classic_nn.array_types import Array, Shape
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers.base import Layer, TraceNode
from src.classic_nn.layers.container import Container, path_inside
from src.classic_nn.parameters import ParameterVector

INPUT = -1
"""Number of the network's input among the sources of a layer."""


@dataclass(eq=False)
class IntegerNetwork(Container):
    """Layers, each of which takes the outputs of some before it; the last has the network's output.

    Args:
        layers: in the order of computation.
        sources: for each layer the numbers of those whose outputs it takes; -1 is the input.
        labels: names of the layers, those of the network that was quantized.
    """

    layers: Sequence[Layer]
    sources: Sequence[Sequence[int]]
    labels: Sequence[str] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        for k, layer in enumerate(self.layers):
            layer.name = self.labels[k] if self.labels else f"layer{k}"

    def children(self) -> Sequence[Layer]:
        """The layers."""
        return self.layers

    def build_children(
        self, input_shape: Shape, rng: np.random.Generator | None, dtype: DTypeLike
    ) -> Shape:
        """Make the arrays of every layer for the shapes that it meets."""
        return self._walk(input_shape, lambda layer, shapes: layer.make(shapes, dtype))

    def output_shape(self, input_shape: Shape) -> Shape:
        """That of the last layer."""
        return self._walk(input_shape, lambda layer, shapes: None)

    def _walk(
        self, input_shape: Shape, visit: Callable[[IntegerLayer, Sequence[Shape]], None]
    ) -> Shape:
        """Show every layer and the shapes of its inputs; returns the shape of the last output."""
        shapes: list[Shape] = []
        for layer, sources in zip(self.layers, self.sources, strict=True):
            assert isinstance(layer, IntegerLayer)
            own = [input_shape if k == INPUT else shapes[k] for k in sources]
            visit(layer, own)
            shapes.append(layer.output_of(own))
        return shapes[-1]

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, Any]:
        """(samples, *input_shape) -> (samples, *output_shape); an array is freed after its use."""
        self.check_input(x, self.built_shape())
        uses = Counter(k for sources in self.sources for k in sources)
        values: dict[int, Array] = {INPUT: x}
        for number, (layer, sources) in enumerate(zip(self.layers, self.sources, strict=True)):
            assert isinstance(layer, IntegerLayer)
            values[number] = layer.compute(*(values[k] for k in sources))
            if context.observer is not None:
                context.observer(layer, values[number])
            for k in sources:
                uses[k] -= 1
                if not uses[k] and k != INPUT:
                    del values[k]
        return values[len(self.layers) - 1], None

    def backward(
        self,
        dy: Array,
        cache: Any,
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """Raises ValueError: integers have no gradients."""
        raise ValueError("a network of integers has no gradients: use the one it was made from")

    def trace(self, source: TraceNode, path: str, nodes: list[TraceNode]) -> TraceNode:
        """The layers, as they are wired."""
        made: list[TraceNode] = []
        for layer, sources in zip(self.layers, self.sources, strict=True):
            assert isinstance(layer, IntegerLayer)
            inputs = [source if k == INPUT else made[k] for k in sources]
            shape = layer.output_of([node.shape for node in inputs])
            where = path_inside(path, layer.name)
            kind = type(layer).__name__
            node = TraceNode(where, kind, tuple(n.path for n in inputs), shape, layer)
            made.append(node)
            nodes.append(node)
        return made[-1]

"""Layers wired in any order without cycles: each takes the outputs of some before it.

    forward   y_k  = layer_k( outputs of its sources )               in the order of the layers
    backward  dy_k = sum over layers l that take y_k of layer_l's backward of dy_l

Where several outputs meet, a ``Join`` adds them, or puts their channels side by side. Most networks
are sequences, residual sums and parallel branches, which say more plainly what they are; this is
for the others, whose ways cross.
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
from src.common.lookup import lookup

INPUT = -1
"""Number of the network's input among the sources of a layer."""

KINDS = {"Add": "add", "Concatenate": "concatenate"}
"""What a join does, and the name of one."""


@dataclass(eq=False)
class Join(Layer):
    """Several arrays made one; stands in a ``Graph`` alone.

    Args:
        kind: "Add", of arrays of one shape; "Concatenate", along the last axis.
    """

    kind: str = "Add"

    def __post_init__(self) -> None:
        super().__post_init__()
        lookup("kind", self.kind, KINDS)

    def output_of(self, shapes: Sequence[Shape]) -> Shape:
        """Shape of the output for inputs of these shapes. ValueError where they do not fit."""
        last = slice(-1) if self.kind == "Concatenate" else slice(None)
        if len({shape[last] for shape in shapes}) > 1:
            raise ValueError(f"{self.name}: {', '.join(map(str, shapes))} cannot be joined")
        if self.kind == "Add":
            return shapes[0]
        return (*shapes[0][:-1], sum(shape[-1] for shape in shapes))

    def combine(self, inputs: Sequence[Array]) -> Array:
        """y of the inputs (samples, ...)."""
        if self.kind == "Concatenate":
            return np.concatenate(inputs, axis=-1)
        total = inputs[0].copy()
        for other in inputs[1:]:
            total += other
        return total

    def separate(self, dy: Array, shapes: Sequence[Shape]) -> list[Array]:
        """The gradient with respect to each input, of these shapes."""
        if self.kind == "Add":
            return [dy] * len(shapes)
        ends = np.cumsum([shape[-1] for shape in shapes])
        return [np.ascontiguousarray(part) for part in np.split(dy, ends[:-1], axis=-1)]


@dataclass(eq=False)
class Graph(Container):
    """Layers and joins; the last one has the network's output. Parameters: "dense1.W".

    Args:
        layers: each after those whose outputs it takes.
        sources: for each the numbers of those layers, -1 for the input: one, of a join several.
    """

    layers: Sequence[Layer]
    sources: Sequence[Sequence[int]]

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.sources) != len(self.layers):
            raise ValueError(f"{len(self.layers)} layers and {len(self.sources)} lists of sources")
        numbers: dict[str, int] = {}
        for k, (layer, sources) in enumerate(zip(self.layers, self.sources, strict=True)):
            many = isinstance(layer, Join)
            if not sources or (len(sources) > 1 and not many):
                raise ValueError(f"layer {k}: a join has sources, any other layer has one")
            if not all(INPUT <= source < k for source in sources):
                raise ValueError(f"layer {k}: expected sources from -1 to {k - 1}, got {sources}")
            kind = KINDS[layer.kind] if isinstance(layer, Join) else layer.kind_name
            kind = kind or type(layer).__name__.lower()
            numbers[kind] = numbers.get(kind, 0) + 1
            layer.name = f"{kind}{numbers[kind]}"

    def children(self) -> Sequence[Layer]:
        """The layers."""
        return self.layers

    def build_children(
        self, input_shape: Shape, rng: np.random.Generator | None, dtype: DTypeLike
    ) -> Shape:
        """Build every layer for the shape that it meets."""
        for layer, shapes in zip(self.layers, self._input_shapes(input_shape), strict=True):
            layer.build(shapes[0], rng, dtype)
        return self.output_shape(input_shape)

    def output_shape(self, input_shape: Shape) -> Shape:
        """That of the last layer."""
        last = self.layers[-1]
        return _output(last, self._input_shapes(input_shape)[-1])

    def _input_shapes(self, input_shape: Shape) -> list[list[Shape]]:
        """Of every layer the shapes of its sources."""
        outputs: dict[int, Shape] = {INPUT: input_shape}
        found = []
        for k, (layer, sources) in enumerate(zip(self.layers, self.sources, strict=True)):
            found.append([outputs[source] for source in sources])
            outputs[k] = _output(layer, found[-1])
        return found

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, list[Any]]:
        """(samples, *input_shape) -> (samples, *output_shape), and the caches of all layers."""
        self.check_input(x, self.built_shape())
        outputs: dict[int, Array] = {INPUT: x}
        caches: list[Any] = []
        for k, (layer, sources) in enumerate(zip(self.layers, self.sources, strict=True)):
            inputs = [outputs[source] for source in sources]
            if isinstance(layer, Join):
                outputs[k], cache = layer.combine(inputs), None
                if context.observer is not None:
                    context.observer(layer, outputs[k])
            else:
                outputs[k], cache = self.forward_child(layer, inputs[0], context)
            caches.append(cache)
        return outputs[len(self.layers) - 1], caches

    def backward(
        self,
        dy: Array,
        cache: list[Any],
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """dx, and the gradients of all parameters; the layers in reverse."""
        out = self.gradient_vector(out)
        shapes = self._input_shapes(self.built_shape())
        wanted = self._wanted(input_gradient)
        gradients: dict[int, Array] = {len(self.layers) - 1: dy}
        for k in reversed(range(len(self.layers))):
            layer, upstream = self.layers[k], gradients.pop(k, None)
            if upstream is None or not wanted[k]:
                continue  # nobody takes its output, or nothing before it is trained
            parts: Sequence[Array | None]
            if isinstance(layer, Join):
                if context.gradient_observer is not None:
                    context.gradient_observer(layer, upstream)
                parts = layer.separate(upstream, shapes[k])
            else:
                goes_on = wanted[self.sources[k][0]]
                parts = [
                    self.backward_child(layer, upstream, cache[k], context, out.parts[k], goes_on)
                ]
            for source, part in zip(self.sources[k], parts, strict=True):
                if part is not None and wanted[source]:
                    gradients[source] = gradients[source] + part if source in gradients else part
        if not input_gradient:
            return None, out
        dx = gradients.get(INPUT)
        if dx is None:  # nothing takes the input
            return np.zeros((len(dy), *self.built_shape()), dy.dtype), out
        return (dx.copy() if dx is dy else dx), out

    def _wanted(self, input_gradient: bool) -> dict[int, bool]:
        """Of the input and every layer: whether anything needs the gradient of its output."""
        wanted = {INPUT: input_gradient}
        for k, (layer, sources) in enumerate(zip(self.layers, self.sources, strict=True)):
            trained = layer.parameters.vector.size > 0
            wanted[k] = trained or any(wanted[source] for source in sources)
        return wanted

    def trace(self, source: TraceNode, path: str, nodes: list[TraceNode]) -> TraceNode:
        """The layers as they are wired."""
        ends: dict[int, TraceNode] = {INPUT: source}
        for k, (layer, sources) in enumerate(zip(self.layers, self.sources, strict=True)):
            inputs = [ends[number] for number in sources]
            if isinstance(layer, Join):
                where = path_inside(path, layer.name)
                paths = tuple(node.path for node in inputs)
                shape = layer.output_of([node.shape for node in inputs])
                nodes.append(TraceNode(where, layer.kind, paths, shape))
                ends[k] = nodes[-1]
            else:
                ends[k] = self.trace_child(layer, inputs[0], path, nodes)
        return ends[len(self.layers) - 1]

    def multiply_adds(self, input_shape: Shape) -> int:
        """Sum over the layers."""
        shapes = self._input_shapes(input_shape)
        return sum(
            layer.multiply_adds(own[0]) for layer, own in zip(self.layers, shapes, strict=True)
        )


def _output(layer: Layer, shapes: Sequence[Shape]) -> Shape:
    return layer.output_of(shapes) if isinstance(layer, Join) else layer.output_shape(shapes[0])

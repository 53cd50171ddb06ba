"""What a graph becomes on the way to a network: layers and joins, and what lies between them.

ONNX has images as (samples, channels, height, width), we have channels last. A ``Value`` says how a
tensor of the file corresponds to our array, so that a Transpose is no work, and the weights behind
a Flatten are put into our order instead of the values.
"""

from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Shape
from src.classic_nn.layers.base import Layer
from src.exchange.graph import Node, OnnxGraph
from src.load.errors import UnreadableDataError

Values = NDArray[Any]

MAX_SAMPLE_VALUES = 1 << 26
"""Values of a sample, at most: a quarter of a gigabyte."""

MAX_MADE_UP = 1 << 28
"""Weights that a file makes of single numbers, at most: a gigabyte."""

MAX_WEIGHT_USES = 4
"""Weights that are taken, in bytes: this many times those of the file, and 64 MiB."""


class Value(NamedTuple):
    """A tensor that depends on the input.

    Attributes:
        name: of the tensor of the file whose values these are.
        shape: of a sample, as our layers see it.
        channels_last: of images: whether the file has them as we do.
        trailing_axes: of features: how many axes of size 1 the file has behind them.
        flat: of features: height, width and channels of the images that they were, if the file
            has them in the order channels, height, width.
        rows: of images whose channels the file has in rows, two axes for one: how many rows, and
            whether they are read by columns.
    """

    name: str
    shape: Shape
    channels_last: bool = False
    trailing_axes: int = 0
    flat: Shape | None = None
    rows: tuple[int, bool] | None = None

    @property
    def is_image(self) -> bool:
        """Whether samples are (height, width, channels)."""
        return len(self.shape) == 3

    @property
    def axes(self) -> int:
        """Axes of the tensor in the file."""
        return 4 if self.is_image else 2 + self.trailing_axes

    @property
    def channel_axis(self) -> int:
        """Where the file has the channels, or features."""
        return 3 if self.is_image and self.channels_last else 1

    def in_our_order(self, values: Values) -> Values:
        """(features, ...) of the file, in the order that our features have."""
        if self.flat is None:
            return values
        height, width, channels = self.flat
        apart = values.reshape(channels, height, width, *values.shape[1:])
        return np.ascontiguousarray(np.moveaxis(apart, 0, 2)).reshape(values.shape)


@dataclass
class Step:
    """A layer, or a join of several values.

    Attributes:
        node: of the file, for messages.
        inputs: names of the values that it takes.
        output: name of the value that it gives.
        layer: not built; None for a join.
        join: "Add", "Concatenate" or "Multiply"; empty for a layer.
        arrays: of the layer, by name.
    """

    node: Node
    inputs: tuple[str, ...]
    output: str
    layer: Layer | None = None
    join: str = ""
    arrays: dict[str, Values] = field(default_factory=dict)


class Steps:
    """What has been made of a graph so far.

    Args:
        graph: with its constants folded.
        source: the input.

    Attributes:
        made: the steps, each after those whose values it takes.
        values: by name of a tensor.
    """

    def __init__(self, graph: OnnxGraph, source: Value) -> None:
        self.graph = graph
        self.made: list[Step] = []
        self.values: dict[str, Value] = {graph.inputs[0].name: source}
        self._by_output: dict[str, Step] = {}
        self._left = MAX_WEIGHT_USES * sum(
            array.nbytes for array in graph.arrays.values() if all(array.strides)
        ) + (64 << 20)
        self._made_up = 0  # weights of one number: a file can make any number of them
        self._uses: dict[str, int] = {}
        for node in graph.nodes:
            for name in node.inputs:
                self._uses[name] = self._uses.get(name, 0) + 1

    def array(self, node: Node, position: int) -> Values | None:
        """A constant input; None where there is none. UnreadableDataError where it is computed."""
        name = node.inputs[position] if position < len(node.inputs) else ""
        if not name:
            return None
        if name not in self.graph.arrays:
            raise refused(node, f"its input {name!r} is computed, expected a constant")
        found = self.graph.arrays[name]
        if 0 in found.strides and found.size > 1:
            self._made_up += found.size
            if self._made_up > MAX_MADE_UP:
                raise refused(
                    node, f"the file makes more than {MAX_MADE_UP:,} weights of single numbers"
                )
        else:
            self._left -= found.nbytes
            if self._left < 0:
                raise refused(node, "the file takes the same weights again and again")
        return found

    def needed(self, node: Node, position: int) -> Values:
        """A constant input that must be there."""
        found = self.array(node, position)
        if found is None:
            raise refused(node, f"it lacks its input number {position + 1}")
        return found

    def value(self, node: Node, position: int = 0, in_rows: bool = False) -> Value:
        """A computed input; one whose channels are in rows only for those who know of that."""
        name = node.inputs[position] if position < len(node.inputs) else ""
        if name not in self.values:
            raise refused(node, f"its input {name or position + 1!r} is a constant, or left out")
        if self.values[name].rows is not None and not in_rows:
            raise refused(node, "its images have their channels in rows")
        return self.values[name]

    def is_constant(self, node: Node, position: int) -> bool:
        """Whether an input is one."""
        return node.inputs[position] in self.graph.arrays

    def is_used(self, name: str) -> bool:
        """Whether anybody takes a tensor."""
        return self._uses.get(name, 0) > 0 or name == self.graph.outputs[0].name

    def used_once(self, name: str) -> bool:
        """Whether one node takes a value."""
        return self._uses.get(name, 0) == 1

    def alias(self, node: Node, value: Value) -> None:
        """A node's output is a value that is there, perhaps seen in another way."""
        self.values[node.outputs[0]] = value
        # who takes the output takes the value
        uses = self._uses.get(value.name, 0) + self._uses.get(node.outputs[0], 0) - 1
        self._uses[value.name] = uses

    def add(
        self, node: Node, layer: Layer, x: Value, arrays: dict[str, Values] | None = None
    ) -> Value:
        """Append a layer."""
        try:
            shape = layer.output_shape(x.shape)
        except ValueError as error:
            raise refused(node, str(error)) from None
        if prod(shape) > MAX_SAMPLE_VALUES:
            raise refused(node, f"a sample of shape {shape} is too large")
        output = node.outputs[0]
        made = replace_value(x, output, shape)
        self._append(Step(node, (x.name,), output, layer, arrays=arrays or {}))
        self.values[output] = made
        return made

    def join(self, node: Node, kind: str, inputs: list[Value], shape: Shape) -> None:
        """Append a join."""
        output = node.outputs[0]
        names = tuple(value.name for value in inputs)
        self._append(Step(node, names, output, join=kind))
        self.values[output] = replace_value(inputs[0], output, shape)

    def before(self, x: Value) -> Step | None:
        """The layer that gives a value, if nobody else takes that."""
        last = self._by_output.get(x.name)
        return last if last is not None and last.layer and self.used_once(x.name) else None

    def rename(self, step: Step, output: str) -> None:
        """A step gives the output of a node that has become part of it."""
        step.output = output
        self._by_output[output] = step

    def _append(self, step: Step) -> None:
        self.made.append(step)
        self._by_output[step.output] = step


def replace_value(x: Value, name: str, shape: Shape) -> Value:
    """A value seen as another one is, with a shape of its own."""
    keeps = len(shape) == len(x.shape) and (x.flat is None or prod(shape) == prod(x.shape))
    return x._replace(name=name, shape=shape) if keeps else Value(name, shape)


def refused(node: Node, reason: str) -> UnreadableDataError:
    """An error that names the node."""
    return UnreadableDataError(f"{node.operator} ({node.name}): {reason}")

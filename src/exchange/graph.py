"""A graph of ONNX as plain records, without ONNX's package: what is written, and what was read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


class Node(NamedTuple):
    """One operator at work.

    Attributes:
        operator: "Conv".
        inputs: names of tensors; "" for one that is left out.
        outputs: names of tensors.
        attributes: numbers, texts, lists of them, arrays.
        name: for people.
    """

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    name: str = ""


class Tensor(NamedTuple):
    """An input or an output of the graph.

    Attributes:
        name: of it.
        shape: of it; a text where the size is free, None where it is not known.
        dtype: of its values.
    """

    name: str
    shape: tuple[int | str | None, ...]
    dtype: np.dtype[Any] = np.dtype(np.float32)


@dataclass
class OnnxGraph:
    """Nodes, each after those whose outputs it takes.

    Attributes:
        nodes: in the order of computation.
        arrays: weights and other constants, by name.
        inputs: that are given.
        outputs: that are wanted.
        opset: version of the operators.
    """

    nodes: list[Node] = field(default_factory=list)
    arrays: Arrays = field(default_factory=dict)
    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    opset: int = 17

    def add(self, operator: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        """Append an operator with one output, named after it; returns that name."""
        return self.add_several(operator, inputs, [name], **attributes)[0]

    def add_several(
        self, operator: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any
    ) -> list[str]:
        """Append an operator with several outputs; returns their names."""
        self.nodes.append(Node(operator, tuple(inputs), tuple(outputs), attributes, outputs[0]))
        return list(outputs)

    def constant(self, name: str, values: Any, dtype: Any = None) -> str:
        """Keep an array under a name; returns the name."""
        self.arrays[name] = np.ascontiguousarray(values, dtype).reshape(np.shape(values))
        return name

"""Layers made of layers: all their parameters in one vector, with names that tell where from.

A container's children may be containers themselves. When it is built, the children's parameters
move into the container's vector, one child after the other, and each child keeps views of its
part; so the vector of the outermost network is all there is, and any part of the network still
finds its parameters under its own names.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from numpy.typing import DTypeLike

from src.classic_nn.array_types import Array, Shape
from src.classic_nn.context import Context
from src.classic_nn.layers.base import Layer, TraceNode
from src.classic_nn.layers.summary import summary_table
from src.classic_nn.parameters import ParameterVector

OWNERS: "WeakKeyDictionary[Layer, ref[Container]]" = WeakKeyDictionary()
"""The container that each layer stands in; of one that no longer exists, the reference is dead."""


@dataclass(eq=False)
class Container(Layer):
    """Base of the containers: subclasses say who the children are and how data flow.

    A layer stands in one container only, as its name and its parameters' memory are those that the
    container gave it: putting it into a second one raises ValueError, and so does a layer that has
    parameters already, as building the container would draw them anew. A container that no longer
    exists releases its layers.

    Attributes:
        input_shape: shape of a sample, known once the container is built.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self.input_shape: Shape | None = None
        inside = [id(layer) for layer in self.descendants()]
        if not inside or len(set(inside)) < len(inside):
            raise ValueError(f"{self.name} needs one layer or more, each of them only once")
        self.claim_children()
        built = [child for child in self.children() if child.parameters.vector.size]
        if built:
            raise ValueError(
                f"{built[0].name} ({type(built[0]).__name__}) has parameters already, which "
                "building this network would draw anew; put it in before it is built, and load "
                "its values afterwards"
            )

    def claim_children(self) -> None:
        """Make this container the only one of its children; ValueError if they have another."""
        for child in self.children():
            owner = OWNERS[child]() if child in OWNERS else None
            if owner is not None and owner is not self:
                raise ValueError(
                    f"{child.name} ({type(child).__name__}) stands in another network "
                    f"({owner.name}) already, and would lose its parameters there; put a new "
                    "layer into this one"
                )
        OWNERS.update({child: ref(self) for child in self.children()})

    def children(self) -> Sequence[Layer]:
        """The layers, in the order of their parameters."""
        raise NotImplementedError

    def descendants(self) -> Iterator[Layer]:
        """All layers inside: the children, and those inside of them."""
        for child in self.children():
            yield child
            if isinstance(child, Container):
                yield from child.descendants()

    def trace(self, source: TraceNode, path: str, nodes: list[TraceNode]) -> TraceNode:
        """Append the nodes of the children and what joins them; subclasses say how data flow."""
        raise NotImplementedError

    def trace_child(
        self, child: Layer, source: TraceNode, path: str, nodes: list[TraceNode]
    ) -> TraceNode:
        """Append the nodes of a child; returns the one with its output."""
        return child.trace(source, path_inside(path, child.name), nodes)

    def forward_child(self, child: Layer, x: Array, context: Context) -> tuple[Array, Any]:
        """Forward of a child; an observer is given its output."""
        y, cache = child.forward(x, context)
        if context.observer is not None:
            context.observer(child, y)
        return y, cache

    def build_children(
        self, input_shape: Shape, rng: np.random.Generator, dtype: DTypeLike
    ) -> Shape:
        """Build every child for the shape that it will meet; return the output shape."""
        raise NotImplementedError

    def build(
        self, input_shape: Shape, rng: np.random.Generator, dtype: DTypeLike = np.float32
    ) -> Shape:
        """Build the children, then join their parameters in one vector."""
        self.claim_children()
        self.input_shape = tuple(input_shape)
        output_shape = self.build_children(self.input_shape, rng, dtype)
        vectors = [child.parameters.vector for child in self.children()]
        vector = np.concatenate([np.zeros(0, dtype), *vectors])
        shapes = {
            name: child.parameters.shapes[local]
            for child, names in zip(self.children(), self.child_names("parameters"), strict=True)
            for local, name in names.items()
        }
        self.parameters = ParameterVector(shapes, vector)
        self.bind(self.view_of(vector))
        self.buffers = {
            name: child.buffers[local]
            for child, names in zip(self.children(), self.child_names("buffers"), strict=True)
            for local, name in names.items()
        }
        return output_shape

    def child_names(self, kind: str) -> list[dict[str, str]]:
        """For each child, the names of its "parameters" or "buffers": own name -> name here."""
        return [
            {local: f"{child.name}.{local}" for local in getattr(child, kind)}
            for child in self.children()
        ]

    def view_of(self, vector: Array) -> ParameterVector:
        """See a vector with this container's layout, and each child's part with the child's."""
        parts, start = [], 0
        for child in self.children():
            stop = start + child.parameters.vector.size
            parts.append(child.view_of(vector[start:stop]))
            start = stop
        return ParameterVector(self.parameters.shapes, vector, parts)

    def bind(self, views: ParameterVector) -> None:
        """Keep all parameters in the memory of ``views`` from now on."""
        super().bind(views)
        for child, part in zip(self.children(), views.parts, strict=True):
            child.bind(part)

    def built_shape(self) -> Shape:
        """The input shape; ValueError where the container has not been built."""
        if self.input_shape is None:
            raise ValueError(f"{self.name} has no parameters yet: call build(input_shape, rng)")
        return self.input_shape

    def summary(self) -> str:
        """A table of the children: output shape, parameters, multiply-adds and bytes."""
        return summary_table(self.children(), self.built_shape())

    def config(self) -> dict[str, Any]:
        """Type and settings, with the children's configurations in the children's places."""
        config = super().config()
        for name, value in config.items():
            if isinstance(value, Layer):
                config[name] = value.config()
            elif isinstance(value, Sequence) and any(isinstance(v, Layer) for v in value):
                config[name] = [layer.config() for layer in value]
        return config


def path_inside(path: str, name: str) -> str:
    """Path of what is called ``name`` in the container at ``path``; that of the network is ""."""
    return f"{path}.{name}" if path else name

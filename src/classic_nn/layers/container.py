"""Layers made of layers: all their parameters in one vector, with names that tell where from.

A container's children may be containers themselves. When it is built, the children's parameters
move into the container's vector, one child after the other, and each child keeps views of its
part; so the vector of the outermost network is all there is, and any part of the network still
finds its parameters under its own names.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import ref

import numpy as np
from numpy.typing import DTypeLike

from src.classic_nn.array_types import Array, Shape
from src.classic_nn.context import Context
from src.classic_nn.layers.base import OWNERS, Layer, TraceNode
from src.classic_nn.parameters import ParameterVector
from src.common.lookup import lookup


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
        self._dtype: np.dtype[Any] = np.dtype(np.float32)
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
        """Forward of a child; an observer is given its output.

        The cache is None where nobody will ask for it.
        """
        context = self.context_of(child, context)
        y, cache = child.forward(x, context)
        if context.observer is not None:
            context.observer(child, y)
        return y, cache if context.keep_cache else None

    def backward_child(
        self,
        child: Layer,
        dy: Array,
        cache: Any,
        context: Context,
        out: ParameterVector,
        input_gradient: bool,
    ) -> Array | None:
        """Backward of a child, whose parameter gradients go to ``out``; returns its dx.

        An observer of gradients is given dy.
        """
        context = self.context_of(child, context)
        if context.gradient_observer is not None:
            context.gradient_observer(child, dy)
        return child.backward(dy, cache, context, out, input_gradient)[0]

    def context_of(self, child: Layer, context: Context) -> Context:
        """The context of a child's passes: a frozen one computes as in evaluation."""
        return context.of_frozen if context.training and not child.trainable else context

    def build_children(
        self, input_shape: Shape, rng: np.random.Generator | None, dtype: DTypeLike
    ) -> Shape:
        """Build every child for the shape that it will meet; return the output shape."""
        raise NotImplementedError

    def build(
        self, input_shape: Shape, rng: np.random.Generator | None, dtype: DTypeLike = np.float32
    ) -> Shape:
        """Build the children, then join their parameters in one vector."""
        self.claim_children()
        self.input_shape, self._dtype = tuple(input_shape), np.dtype(dtype)
        output_shape = self.build_children(self.input_shape, rng, dtype)
        for child in self.children():
            if not isinstance(child, Container):  # those have joined theirs when they were built
                child.join()
        self._join_children()
        return output_shape

    def join(self) -> None:
        """Join the parameters of the children in one vector, and list their other arrays."""
        if self.input_shape is None:
            return  # ``build`` will
        for child in self.children():
            child.join()
        self._join_children()

    def _join_children(self) -> None:
        """Join the parameters of the children, each of which has one vector already."""
        self.trainable = any(child.trainable for child in self.children())
        vectors = [child.parameters.vector for child in self.children()]
        self.see(np.concatenate([np.zeros(0, self._dtype), *vectors]))

    def see(self, vector: Array) -> None:
        """Keep the parameters in this vector, where their values are already."""
        shapes = {
            name: child.parameters.shapes[local]
            for child, names in zip(self.children(), self.child_names("parameters"), strict=True)
            for local, name in names.items()
        }
        self.parameters = ParameterVector(shapes, vector)
        self.bind(self.view_of(vector))
        self.frozen, self.buffers = self._named_arrays("frozen"), self._named_arrays("buffers")

    def _named_arrays(self, kind: str) -> dict[str, Array]:
        return {
            name: getattr(child, kind)[local]
            for child, names in zip(self.children(), self.child_names(kind), strict=True)
            for local, name in names.items()
        }

    def mark_trainable(self, trainable: bool) -> None:
        """Also of everything inside."""
        super().mark_trainable(trainable)
        for child in self.children():
            child.mark_trainable(trainable)

    def __getitem__(self, path: str) -> Layer:
        """The layer of that name; of one inside, names joined by dots: "layer4.0.body.conv1".

        Raises KeyError for a name that does not exist; the nearest one is offered.
        """
        name, _, rest = path.partition(".")
        try:
            child = lookup("layer", name, {child.name: child for child in self.children()})
        except ValueError as error:
            raise KeyError(str(error)) from None
        if not rest:
            return child
        if not isinstance(child, Container):
            raise KeyError(f"{name} ({type(child).__name__}) has no layers inside, got {path!r}")
        return child[rest]

    def child_names(self, kind: str) -> list[dict[str, str]]:
        """For each child, names of its "parameters", "frozen" or "buffers": own -> name here."""
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
        from src.classic_nn.layers.summary import summary_table  # only who prints one needs it

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


def named_layers(
    layers: Sequence[Layer] | Mapping[str, Layer],
) -> tuple[list[str], Sequence[Layer]]:
    """Names, if they are given, and layers; ValueError for a name that no path can hold."""
    if not isinstance(layers, Mapping):
        return [], layers
    for name in layers:
        if not name or "." in name:
            raise ValueError(f"expected names of layers without a dot, got {name!r}")
    return list(layers), list(layers.values())


def with_names(config: dict[str, Any], layers: Sequence[Layer]) -> dict[str, Any]:
    """A configuration with the names of its layers, if they have some of their own.

    Their order matters, and JSON's objects have none: so names and layers are two lists.
    """
    return {**config, "names": [layer.name for layer in layers]} if layers else config


def path_inside(path: str, name: str) -> str:
    """Path of what is called ``name`` in the container at ``path``; that of the network is ""."""
    return f"{path}.{name}" if path else name

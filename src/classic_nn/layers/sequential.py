"""Sequential: layers one after another, and all their parameters in one vector.

    forward   x_0 = x,  x_k = layer_k(x_{k-1}),  y = x_K
    backward  dx_K = dy,  dx_{k-1} = layer_k's backward of dx_k,  dx = dx_0

Parameters take the classic names: layers with weights are counted W1, b1, W2, b2, ..., batch
normalizations gamma1, beta1, ... A network inside a network adds its name and a dot
("sequential1.W1"). Layers that are given names keep them, "conv1.W", so that inserting one renames
no other.

A part of a network is a network too, of the same layers and the same memory: ``network[:3]``,
``network["layer4"]``.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Protocol, Self, overload, runtime_checkable
from weakref import ref

import numpy as np
from numpy.typing import DTypeLike

from src.classic_nn.array_types import Array, Shape
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers.activations import ReLU, ReLU6
from src.classic_nn.layers.base import OWNERS, Layer, TraceNode
from src.classic_nn.layers.container import Container, named_layers, with_names
from src.classic_nn.parameters import ParameterVector
from src.common.kernels import KERNELS

FUSED = object()
"""In the place of a ReLU's cache, where the layer before has done its work."""


@runtime_checkable
class AppliesReLU(Protocol):
    """A layer that can apply the ReLU that follows it, in the same pass over memory."""

    def forward_with_relu(self, x: Array, context: Context, ceiling: float) -> tuple[Array, Any]:
        """The outputs of the ReLU; the cache lets ``backward`` know of it."""


@dataclass(eq=False, init=False)
class Sequential(Container):
    """Apply layers in order. It is a layer itself and can stand in another network.

    Args:
        layers: the layers, from input to output; with names of your own, a mapping from these.

    Attributes:
        named: whether the layers have names of their own.

    >>> from src.classic_nn import Dense, ReLU
    >>> network = Sequential([Dense(8), ReLU(), Dense(3)])
    >>> network.build((4,), np.random.default_rng(0))
    (3,)
    >>> list(network.parameters)
    ['W1', 'b1', 'W2', 'b2']
    >>> y, cache = network.forward(np.ones((5, 4), np.float32))
    >>> dx, gradients = network.backward(np.ones_like(y), cache)
    >>> dx.shape, gradients["W2"].shape
    ((5, 4), (8, 3))
    """

    layers: Sequence[Layer]

    def __init__(self, layers: Sequence[Layer] | Mapping[str, Layer]) -> None:
        self.layers = layers  # type: ignore[assignment]  # a list from here on
        self.__post_init__()

    def __post_init__(self) -> None:
        names, self.layers = named_layers(self.layers)
        self.named = bool(names)
        self._first_trained = 0
        self._ceilings: dict[int, float] = {}
        super().__post_init__()
        numbers: Counter[str] = Counter()
        for k, layer in enumerate(self.layers):
            kind = layer.kind_name or type(layer).__name__.lower()
            numbers[kind] += 1
            layer.name = names[k] if names else f"{kind}{numbers[kind]}"

    def config(self) -> dict[str, Any]:
        """Also the names of the layers, where they have some of their own."""
        return with_names(super().config(), self.layers if self.named else ())

    def children(self) -> Sequence[Layer]:
        """The layers."""
        return self.layers

    def build_children(
        self, input_shape: Shape, rng: np.random.Generator | None, dtype: DTypeLike
    ) -> Shape:
        """Build every layer for the output of the one before it."""
        shape = input_shape
        for layer in self.layers:
            try:
                shape = layer.build(shape, rng, dtype)
            except ValueError as error:
                if str(error).startswith(layer.name):
                    raise
                raise ValueError(f"{layer.name}: {error}") from None
        return shape

    def see(self, vector: Array) -> None:
        """Also see where the backward pass ends, and which ReLUs the layer before them applies."""
        super().see(vector)
        self._ceilings = fused_ceilings(self.layers)
        sizes = [layer.parameters.vector.size for layer in self.layers]
        self._first_trained = next((k for k, size in enumerate(sizes) if size), len(sizes))

    def freeze(self, until: str | None = None) -> None:
        """Train no more what comes up to the layer of this name, itself included; None for all.

        Raises KeyError for a name that does not exist.
        """
        end = len(self.layers) if until is None else self._position(until) + 1
        for layer in self.layers[:end]:
            layer.mark_trainable(False)
        self.outermost().join()

    def _position(self, name: str) -> int:
        layer = super().__getitem__(name)
        if layer not in self.layers:
            raise KeyError(f"{name} is inside of a layer: expected one of the network itself")
        return self.layers.index(layer)

    @overload
    def __getitem__(self, key: str | int) -> Layer: ...
    @overload
    def __getitem__(self, key: slice) -> Self: ...
    def __getitem__(self, key: str | int | slice) -> Layer:
        """A layer by name, path or number; or the network of some layers in a row.

        A slice takes numbers or names and leaves out its end, as lists do. It sees the memory of
        this network until layers are frozen or unfrozen.
        """
        if isinstance(key, str):
            return super().__getitem__(key)
        if not isinstance(key, slice):
            return self.layers[key]
        start, stop, step = slice(
            *(self._position(end) if isinstance(end, str) else end for end in (key.start, key.stop))
        ).indices(len(self.layers))
        if step != 1 or key.step not in (None, 1) or start >= stop:
            raise IndexError(f"{self.name}: expected one layer or more in a row, got {key}")
        return self._part(start, stop)

    def _part(self, start: int, stop: int) -> Self:
        """The network of the layers from start to stop: a second view, which owns none of them."""
        part = copy(self)
        part.layers = self.layers[start:stop]
        OWNERS[part] = ref(self)
        if self.input_shape is not None:
            shape = self.input_shape
            for layer in self.layers[:start]:
                shape = layer.output_shape(shape)
            part.input_shape = shape
            sizes = [layer.parameters.vector.size for layer in self.layers]
            before = sum(sizes[:start])
            part.see(self.parameters.vector[before : before + sum(sizes[start:stop])])
        return part

    def child_names(self, kind: str) -> list[dict[str, str]]:
        """Classic names, W1, b1, ..., for the layers; containers keep name and dot."""
        numbers: Counter[str] = Counter()
        names = super().child_names(kind)
        if self.named:
            return names
        for position, layer in enumerate(self.layers):
            if not isinstance(layer, Container):
                numbers[layer.weight_name] += 1
                number = numbers[layer.weight_name]
                names[position] = {local: f"{local}{number}" for local in names[position]}
        return names

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, list[Any]]:
        """(samples, *input_shape) -> (samples, *output_shape), and the caches of all layers."""
        self.check_input(x, self.built_shape())
        caches: list[Any] = []
        given = context
        for k, layer in enumerate(self.layers):
            if len(caches) > k:
                continue  # a ReLU that the layer before has applied
            if given.training:
                context = given.after_trained if k > self._first_trained else given
                context = context if layer.trainable else context.of_frozen
            if k in self._ceilings and not context.observed:
                assert isinstance(layer, AppliesReLU)
                x, cache = layer.forward_with_relu(x, context, self._ceilings[k])
                caches += [cache if context.keep_cache else None, FUSED]
                continue
            x, cache = layer.forward(x, context)
            caches.append(cache if context.keep_cache else None)
            if context.observer is not None:
                context.observer(layer, x)
        return x, caches

    def backward(
        self,
        dy: Array,
        cache: list[Any],
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """Walk the layers in reverse. ``out`` comes from ``gradient_vector`` or ``view_of``.

        Without ``input_gradient`` the walk ends at the first layer that is trained.
        """
        if not context.keep_cache or (input_gradient and not context.input_gradient):
            raise ValueError(
                f"{self.name}: by its context, no backward pass was to follow the forward pass, or "
                "none to the input: it kept nothing for it"
            )
        out = self.gradient_vector(out)
        first = 0 if input_gradient else self._first_trained
        dx: Array | None = dy
        inside = context if context.finished is None else replace(context, finished=None)
        for k in reversed(range(first, len(self.layers))):
            if cache[k] is FUSED:
                continue
            assert dx is not None
            layer = self.layers[k]
            own = inside.after_trained if k > self._first_trained else inside
            if own.training and not layer.trainable:
                own = own.of_frozen
            if own.gradient_observer is not None:
                own.gradient_observer(layer, dx)
            dx, _ = layer.backward(dx, cache[k], own, out.parts[k], input_gradient or k > first)
            if context.finished is not None:
                context.finished(out.parts[k])
        return (dx if input_gradient else None), out

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape of the last layer's output."""
        shape = input_shape
        for layer in self.layers:
            shape = layer.output_shape(shape)
        return shape

    def trace(self, source: TraceNode, path: str, nodes: list[TraceNode]) -> TraceNode:
        """The layers one after another."""
        for layer in self.layers:
            source = self.trace_child(layer, source, path, nodes)
        return source

    def multiply_adds(self, input_shape: Shape) -> int:
        """Sum over the layers."""
        total, shape = 0, input_shape
        for layer in self.layers:
            total += layer.multiply_adds(shape)
            shape = layer.output_shape(shape)
        return total


def fused_ceilings(layers: Sequence[Layer]) -> dict[int, float]:
    """Which layers apply the ReLU that follows them, and its largest output.

    That saves passes over memory where loops are compiled, and changes nothing else: the layers
    stay two for whoever reads, observes or draws the network.
    """
    if KERNELS == "numpy":
        return {}
    return {
        k: following.ceiling  # type: ignore[attr-defined]  # of one of the two
        for k, (layer, following) in enumerate(pairwise(layers))
        if type(following) in (ReLU, ReLU6) and _applies_relu(layer)
    }


def _applies_relu(layer: Layer) -> bool:
    """Whether a layer can apply a ReLU, and is not of a subclass with passes of its own."""
    if not isinstance(layer, AppliesReLU):
        return False
    owners = {
        next(kind for kind in type(layer).__mro__ if name in vars(kind))
        for name in ("forward", "backward", "forward_with_relu")
    }
    return len(owners) == 1

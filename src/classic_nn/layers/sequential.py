"""Sequential: layers one after another, and all their parameters in one vector.

    forward   x_0 = x,  x_k = layer_k(x_{k-1}),  y = x_K
    backward  dx_K = dy,  dx_{k-1} = layer_k's backward of dx_k,  dx = dx_0

Parameters take the classic names: layers with weights are counted W1, b1, W2, b2, ..., batch
normalizations gamma1, beta1, ... A network inside a network adds its name and a dot
("sequential1.W1").
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from src.classic_nn.array_types import Array, Shape
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers.base import Layer
from src.classic_nn.layers.summary import summary_table
from src.classic_nn.parameters import ParameterVector


@dataclass(eq=False)
class Sequential(Layer):
    """Apply layers in order. It is a layer itself and can stand in another network.

    Args:
        layers: the layers, from input to output.

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

    def __post_init__(self) -> None:
        super().__post_init__()
        self.input_shape: Shape | None = None
        if not self.layers or len(set(map(id, self.layers))) < len(self.layers):
            raise ValueError("Sequential needs one layer or more, each of them only once")
        numbers: Counter[str] = Counter()
        for layer in self.layers:
            kind = type(layer).__name__.lower()
            numbers[kind] += 1
            layer.name = f"{kind}{numbers[kind]}"

    def build(
        self, input_shape: Shape, rng: np.random.Generator, dtype: DTypeLike = np.float32
    ) -> Shape:
        """Build every layer for what the one before it puts out, then join their parameters."""
        self.input_shape = shape = tuple(input_shape)
        for layer in self.layers:
            shape = layer.build(shape, rng, dtype)
        self._join(dtype)
        return shape

    def _join(self, dtype: DTypeLike) -> None:
        """Move the layers' parameters into one vector, of which each layer keeps its views."""
        self._parameter_names = self._child_names("parameters")
        own = [layer.parameters.vector for layer in self.layers]
        vector = np.concatenate([np.zeros(0, dtype), *own])
        shapes = {
            full: layer.parameters.shapes[local]
            for layer, names in zip(self.layers, self._parameter_names, strict=True)
            for full, local in names.items()
        }
        self.parameters = ParameterVector(shapes, vector)
        self.bind(self.view_of(vector))
        self.buffers = {
            full: layer.buffers[local]
            for layer, names in zip(self.layers, self._child_names("buffers"), strict=True)
            for full, local in names.items()
        }

    def _child_names(self, kind: str) -> list[dict[str, str]]:
        """For each layer, its parameters (or buffers): name in the network -> name in the layer."""
        numbers: Counter[str] = Counter()
        names = []
        for layer in self.layers:
            if isinstance(layer, Sequential):
                full = {local: f"{layer.name}.{local}" for local in getattr(layer, kind)}
            else:
                numbers[layer.weight_name] += 1
                number = numbers[layer.weight_name]
                full = {local: f"{local}{number}" for local in getattr(layer, kind)}
            names.append({name: local for local, name in full.items()})
        return names

    def view_of(self, vector: Array) -> ParameterVector:
        """See a vector with this network's layout, and each layer's part with the layer's."""
        parts, start = [], 0
        for layer in self.layers:
            stop = start + layer.parameters.vector.size
            parts.append(layer.view_of(vector[start:stop]))
            start = stop
        return ParameterVector(self.parameters.shapes, vector, parts)

    def bind(self, views: ParameterVector) -> None:
        """Keep all parameters in the memory of ``views`` from now on."""
        super().bind(views)
        for layer, part in zip(self.layers, views.parts, strict=True):
            layer.bind(part)

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, list[Any]]:
        """(samples, *input_shape) -> (samples, *output_shape), and the caches of all layers."""
        if self.input_shape is None:
            raise ValueError(f"{self.name} has no parameters yet: call build(input_shape, rng)")
        self.check_input(x, self.input_shape)
        caches = []
        for layer in self.layers:
            x, cache = layer.forward(x, context)
            caches.append(cache)
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

        Without ``input_gradient`` the walk ends at the first layer that has parameters.
        """
        out = self.gradient_vector(out)
        first = 0 if input_gradient else self._first_with_parameters()
        dx: Array | None = dy
        for k in reversed(range(first, len(self.layers))):
            assert dx is not None
            dx, _ = self.layers[k].backward(
                dx, cache[k], context, out.parts[k], input_gradient or k > first
            )
        return dx, out

    def _first_with_parameters(self) -> int:
        sizes = [layer.parameters.vector.size for layer in self.layers]
        return next((k for k, size in enumerate(sizes) if size), 0)

    def output_shape(self, input_shape: Shape) -> Shape:
        """What the last layer puts out."""
        shape = input_shape
        for layer in self.layers:
            shape = layer.output_shape(shape)
        return shape

    def multiply_adds(self, input_shape: Shape) -> int:
        """Sum over the layers."""
        total, shape = 0, input_shape
        for layer in self.layers:
            total += layer.multiply_adds(shape)
            shape = layer.output_shape(shape)
        return total

    def summary(self) -> str:
        """A table of the layers: output shape, parameters, multiply-adds and bytes."""
        if self.input_shape is None:
            raise ValueError(f"{self.name} has no parameters yet: call build(input_shape, rng)")
        return summary_table(self.layers, self.input_shape)

    def config(self) -> dict[str, Any]:
        """Type and the layers' configurations."""
        return {"type": "Sequential", "layers": [layer.config() for layer in self.layers]}

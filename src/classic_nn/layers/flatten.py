"""Flatten: from images (or any shape) to one row of features per sample."""

from dataclasses import dataclass

import numpy as np

from src.classic_nn.array_types import Array, Shape
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers.base import Layer
from src.classic_nn.parameters import ParameterVector


@dataclass(eq=False)
class Flatten(Layer):
    """(samples, ...) -> (samples, features), row-major: the last axis varies fastest."""

    def output_shape(self, input_shape: Shape) -> Shape:
        """One axis: the product of the sample's axes."""
        return (int(np.prod(input_shape)),)

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, Shape]:
        """Copy x into rows; the cache is the shape of x."""
        features = int(np.prod(x.shape[1:]))  # not -1: a worker's shard may have no samples
        return x.reshape(len(x), features).copy(), x.shape

    def backward(
        self,
        dy: Array,
        cache: Shape,
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """dx of the shape of x."""
        return (dy.reshape(cache).copy() if input_gradient else None), self.gradient_vector(out)

"""Layers with one number, or two, for each channel.

    scale and shift   y = gamma x + beta
                      dgamma = sum of dy x,   dbeta = sum of dy,   dx = gamma dy
    PReLU             y = x where x > 0, else slope x       (He et al. 2015, section 2.1)
                      dslope = sum of dy x where x <= 0,    dx = dy or slope dy

Sums go over all axes but the last. Scale and shift is what batch normalization is after training,
without its statistics.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike

from src.classic_nn.array_types import Array, Shape
from src.classic_nn.channelwise import feature_sum
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers.base import Layer
from src.classic_nn.parameters import ParameterVector


@dataclass(eq=False)
class ScaleShift(Layer):
    """y = gamma x + beta, both (channels,); they begin at 1 and 0."""

    weight_name: ClassVar[str] = "gamma"

    def build(
        self, input_shape: Shape, rng: np.random.Generator | None, dtype: DTypeLike = np.float32
    ) -> Shape:
        """gamma = 1, beta = 0, each (channels,)."""
        channels = input_shape[-1]
        arrays = {"gamma": np.ones(channels), "beta": np.zeros(channels)}
        self.parameters = ParameterVector.pack(arrays, dtype)
        return input_shape

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, Array]:
        """(samples, ..., channels) to the same shape; the cache is x."""
        arrays = self.frozen or self.parameters
        return x * arrays["gamma"] + arrays["beta"], x

    def backward(
        self,
        dy: Array,
        cache: Array,
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """dx of the shape of x, and the gradients of gamma and beta."""
        out = self.gradient_vector(out)
        if self.parameters and context.parameter_gradients:
            feature_sum(dy * cache, out=out["gamma"])
            feature_sum(dy, out=out["beta"])
        gamma = (self.frozen or self.parameters)["gamma"]
        return (dy * gamma if input_gradient else None), out


@dataclass(eq=False)
class PReLU(Layer):
    """y = x where x > 0, else slope x, with a slope (channels,) that is learned.

    Args:
        initial: slope to begin with.
    """

    weight_name: ClassVar[str] = "slope"

    initial: float = 0.25

    def build(
        self, input_shape: Shape, rng: np.random.Generator | None, dtype: DTypeLike = np.float32
    ) -> Shape:
        """slope (channels,)."""
        arrays = {"slope": np.full(input_shape[-1], self.initial)}
        self.parameters = ParameterVector.pack(arrays, dtype)
        return input_shape

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, Array]:
        """(samples, ..., channels) to the same shape; the cache is x."""
        slope = (self.frozen or self.parameters)["slope"]
        return np.where(x > 0, x, slope * x), x

    def backward(
        self,
        dy: Array,
        cache: Array,
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """dx of the shape of x, and the gradient of the slope."""
        out = self.gradient_vector(out)
        x = cache
        if self.parameters and context.parameter_gradients:
            feature_sum(dy * np.where(x > 0, x.dtype.type(0), x), out=out["slope"])
        slope = (self.frozen or self.parameters)["slope"]
        return (np.where(x > 0, dy, slope * dy) if input_gradient else None), out

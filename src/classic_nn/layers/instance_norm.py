"""Instance normalization (Ulyanov et al. 2016): each map of each sample by its own statistics.

    mean, variance  of x[n, ..., c] over the pixels of sample n
    x_hat = (x - mean) / sqrt(variance + epsilon)
    y = gamma x_hat + beta

    dx = gamma / sqrt(variance + epsilon) * (dy - mean of dy - x_hat * mean of dy x_hat)

with means over the pixels too. There is nothing to remember: training and evaluation are the same.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from src.classic_nn.array_types import Array, Shape
from src.classic_nn.channelwise import feature_sum
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers.base import Layer
from src.classic_nn.parameters import ParameterVector
from src.common.checks import check_number


class InstanceNormCache(NamedTuple):
    """x_hat of the shape of x, and 1 / sqrt(variance + epsilon), (samples, 1, ..., channels)."""

    normalized: Array
    inverse_std: Array


@dataclass(eq=False)
class InstanceNorm(Layer):
    """Normalize every map of samples (..., channels); gamma and beta (channels,).

    Args:
        epsilon: added to the variance, inside the root.
    """

    weight_name: ClassVar[str] = "gamma"

    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("epsilon", self.epsilon, above=0)

    def build(
        self, input_shape: Shape, rng: np.random.Generator | None, dtype: DTypeLike = np.float32
    ) -> Shape:
        """gamma = 1, beta = 0, each (channels,). ValueError for samples without pixels."""
        if len(input_shape) < 2:
            raise ValueError(f"{self.name}: expected samples (..., channels), got {input_shape}")
        channels = input_shape[-1]
        arrays = {"gamma": np.ones(channels), "beta": np.zeros(channels)}
        self.parameters = ParameterVector.pack(arrays, dtype)
        return input_shape

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, InstanceNormCache]:
        """(samples, ..., channels) to the same shape."""
        arrays = self.frozen or self.parameters
        pixels = tuple(range(1, x.ndim - 1))
        centered = x - x.mean(axis=pixels, keepdims=True)
        variance = (centered * centered).mean(axis=pixels, keepdims=True)
        inverse_std = 1 / np.sqrt(variance + x.dtype.type(self.epsilon))
        normalized = centered * inverse_std
        return normalized * arrays["gamma"] + arrays["beta"], InstanceNormCache(
            normalized, inverse_std
        )

    def backward(
        self,
        dy: Array,
        cache: InstanceNormCache,
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """dx of the shape of x, and the gradients of gamma and beta."""
        out = self.gradient_vector(out)
        normalized, inverse_std = cache
        if self.parameters and context.parameter_gradients:
            feature_sum(dy * normalized, out=out["gamma"])
            feature_sum(dy, out=out["beta"])
        if not input_gradient:
            return None, out
        pixels = tuple(range(1, dy.ndim - 1))
        dhat = dy * (self.frozen or self.parameters)["gamma"]
        along = (dhat * normalized).mean(axis=pixels, keepdims=True)
        dx = dhat - dhat.mean(axis=pixels, keepdims=True) - normalized * along
        return dx * inverse_std, out

"""The dense (fully connected, linear) layer.

    forward   z  = a @ W + b
    backward  dW = a^T @ dz,   db = sum over samples of dz,   da = dz @ W^T

Rumelhart, Hinton and Williams 1986, equations 1 and 7, for all units and samples at once.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from src.classic_nn.array_types import Array, Shape
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.initializers import initialize_weights
from src.classic_nn.layers.base import Layer
from src.classic_nn.parameters import ParameterVector
from src.common.checks import check_number


class LinearCache(NamedTuple):
    """Input a (samples, in_features) and weights W (in_features, out_features) of a forward."""

    a: Array
    W: Array


def linear_forward(a: Array, W: Array, b: Array | None = None) -> tuple[Array, LinearCache]:
    """z = a @ W + b.

    Args:
        a: (samples, in_features).
        W: (in_features, out_features).
        b: (out_features,), or None for no bias.

    Returns:
        z (samples, out_features) and the cache for ``linear_backward``.
    """
    z = a @ W
    if b is not None:
        z += b
    return z, LinearCache(a, W)


def linear_backward(
    dz: Array,
    cache: LinearCache,
    dW: Array | None = None,
    db: Array | None = None,
    input_gradient: bool = True,
) -> tuple[Array | None, Array, Array]:
    """Gradients of a linear layer.

    Args:
        dz: (samples, out_features), upstream gradient.
        cache: of ``linear_forward``.
        dW: (in_features, out_features), where to write that gradient; new memory if None.
        db: (out_features,), likewise.
        input_gradient: False to skip the product for da.

    Returns:
        da (samples, in_features) or None, dW, db.
    """
    dW = np.matmul(cache.a.T, dz, out=dW)
    db = dz.sum(axis=0, out=db)
    da = dz @ cache.W.T if input_gradient else None
    return da, dW, db


def linear_input_gradient(dz: Array, cache: LinearCache) -> Array:
    """da alone, of the upstream gradient dz; see ``linear_backward``."""
    return dz @ cache.W.T


@dataclass(eq=False)
class Dense(Layer):
    """z = x @ W + b on samples of shape (in_features,), which ``build`` learns from the input.

    Args:
        out_features: number of outputs.
        bias: whether to add b; leave it out before batch normalization, which removes it.
        initialization: of W, see ``initialize_weights``; b starts at 0.
    """

    weight_name: ClassVar[str] = "W"

    out_features: int
    bias: bool = True
    initialization: str = "he"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("out_features", self.out_features, 1, whole=True)

    def build(
        self, input_shape: Shape, rng: np.random.Generator | None, dtype: DTypeLike = np.float32
    ) -> Shape:
        """Draw W (in_features, out_features) and set b (out_features,) to zero."""
        if len(input_shape) != 1:
            raise ValueError(
                f"{self.name}: expected samples of shape (in_features,), got {input_shape}; "
                "put a Flatten layer before it"
            )
        shape = (input_shape[0], self.out_features)
        parameters = {"W": initialize_weights(shape, self.initialization, rng, dtype)}
        if self.bias:
            parameters["b"] = np.zeros(self.out_features, dtype)
        self.parameters = ParameterVector.pack(parameters, dtype)
        return self.output_shape(input_shape)

    def output_shape(self, input_shape: Shape) -> Shape:
        """(out_features,)."""
        return (self.out_features,)

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, LinearCache]:
        """(samples, in_features) -> (samples, out_features)."""
        parameters = self.frozen or self.parameters
        W = parameters["W"]
        self.check_input(x, W.shape[:1])
        return linear_forward(x, W, parameters.get("b"))

    def backward(
        self,
        dy: Array,
        cache: LinearCache,
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """dx (samples, in_features) and the gradients of W and b."""
        out = self.gradient_vector(out)
        if not (self.parameters and context.parameter_gradients):
            return (linear_input_gradient(dy, cache) if input_gradient else None), out
        dx, _, _ = linear_backward(dy, cache, out["W"], out.get("b"), input_gradient)
        return dx, out

    def multiply_adds(self, input_shape: Shape) -> int:
        """in_features * out_features."""
        return input_shape[0] * self.out_features

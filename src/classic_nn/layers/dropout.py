"""Inverted dropout (Srivastava et al. 2014).

While training, each value is dropped with probability ``rate`` and the others are divided by
1 - rate, so that the expected output is the input and evaluation needs no correction.

    forward   y  = x * mask,   mask = (u >= rate) / (1 - rate),   u uniform in [0, 1)
    backward  dx = dy * mask
"""

from dataclasses import dataclass

import numpy as np

from src.classic_nn.array_types import Array, Shape
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers.base import Layer
from src.classic_nn.parameters import ParameterVector
from src.classic_nn.sample_streams import SampleStreams
from src.common.checks import check_number


def dropout_forward(x: Array, rate: float, u: Array) -> tuple[Array, Array]:
    """Drop values at random.

    Args:
        x: any shape.
        rate: probability of being dropped, in [0, 1).
        u: uniform numbers in [0, 1), of the shape of x, or 1 along axes that are dropped together.

    Returns:
        y of the shape of x, and the mask, of the shape of u.
    """
    mask = (u >= rate).astype(x.dtype)
    mask /= 1 - rate
    return x * mask, mask


def dropout_backward(dy: Array, mask: Array) -> Array:
    """dx = dy * mask."""
    return dy * mask


@dataclass(eq=False)
class Dropout(Layer):
    """Drop values while training, pass them through in evaluation.

    Args:
        rate: probability that a value is dropped, in [0, 1).
    """

    rate: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("dropout rate", self.rate, 0, below=1)

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, Array | None]:
        """Any shape to the same shape; the cache is the mask, or None where nothing was dropped."""
        if not context.training or self.rate == 0:
            return x.copy(), None
        return dropout_forward(x, self.rate, self.uniform(context, self.mask_shape(x.shape)))

    def mask_shape(self, shape: Shape) -> Shape:
        """Shape of the mask for x of this shape: 1 along the axes that are dropped together."""
        return shape

    def uniform(self, context: Context, shape: Shape) -> Array:
        """Random numbers in [0, 1); ValueError where the context has no source of them."""
        if context.rng is None:
            raise ValueError(
                f"{self.name}: dropout needs a random generator while training; "
                "pass Context(training=True, rng=numpy.random.default_rng(seed))"
            )
        if isinstance(context.rng, SampleStreams):
            return context.rng.uniform(self, shape)
        return context.rng.random(shape, dtype=np.float32)

    def backward(
        self,
        dy: Array,
        cache: Array | None,
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """dx of the shape of x; there are no parameters."""
        if not input_gradient:
            return None, self.gradient_vector(out)
        dx = dy.copy() if cache is None else dropout_backward(dy, cache)
        return dx, self.gradient_vector(out)

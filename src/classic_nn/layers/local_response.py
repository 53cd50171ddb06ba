"""Local response normalization (Krizhevsky et al. 2012, section 3.3): neighbours damp each other.

    s[..., c] = sum of x[..., j]^2 over the ``size`` channels j around c
    d = k + alpha / size * s
    y = x / d^beta

    dx = dy d^-beta - 2 alpha beta / size * x * (sum over the channels c whose window holds j of
         dy x d^(-beta - 1))

Batch normalization took its place; networks of 2012 to 2014 have it. Alpha is divided by the size,
as in ONNX and PyTorch, not as in the paper.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers.base import Layer
from src.classic_nn.parameters import ParameterVector
from src.common.checks import check_number


class ResponseCache(NamedTuple):
    """x, and d of the same shape."""

    x: Array
    d: Array


@dataclass(eq=False)
class LocalResponseNorm(Layer):
    """Divide by what the channels around have.

    Args:
        size: channels in a window; of an even number one more behind than in front.
        alpha: weight of their squares.
        beta: power of the divisor.
        k: divisor where there is nothing.
    """

    size: int = 5
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("size", self.size, 1, whole=True)
        check_number("k", self.k, above=0)

    def forward(self, x: Array, context: Context = EVALUATION) -> tuple[Array, ResponseCache]:
        """(samples, ..., channels) to the same shape."""
        before, behind = (self.size - 1) // 2, self.size // 2
        squares = window_sums(x * x, before, behind)
        d = (self.k + self.alpha / self.size * squares).astype(x.dtype)
        return x * d ** x.dtype.type(-self.beta), ResponseCache(x, d)

    def backward(
        self,
        dy: Array,
        cache: ResponseCache,
        context: Context = EVALUATION,
        out: ParameterVector | None = None,
        input_gradient: bool = True,
    ) -> tuple[Array | None, ParameterVector]:
        """dx of the shape of x; there are no parameters."""
        out = self.gradient_vector(out)
        if not input_gradient:
            return None, out
        x, d = cache
        kind = x.dtype.type
        before, behind = (self.size - 1) // 2, self.size // 2
        # j is in the window of c as c is in the turned window of j
        shared = window_sums(dy * x * d ** kind(-self.beta - 1), behind, before)
        factor = kind(2 * self.alpha * self.beta / self.size)
        return dy * d ** kind(-self.beta) - factor * x * shared, out


def window_sums(x: Array, before: int, behind: int) -> Array:
    """Sums over the channels from ``before`` in front of each one to ``behind`` after it.

    >>> window_sums(np.array([1.0, 2.0, 4.0]), 1, 0)
    array([1., 3., 6.])
    """
    channels = x.shape[-1]
    padded = np.zeros((*x.shape[:-1], before + channels + behind), x.dtype)
    padded[..., before : before + channels] = x
    return sum(
        (padded[..., k : k + channels] for k in range(1, before + behind + 1)),
        start=padded[..., :channels].copy(),
    )

"""Activations in straight pieces, with ends of one's own choice.

    clip           y = min(max(x, low), high)
    hard sigmoid   y = min(max(alpha x + beta, 0), 1)     (Courbariaux et al. 2015, section 2.3)

Their slope is 0 at and beyond the ends.
"""

from dataclasses import dataclass
from math import inf

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.layers.activations import Activation


@dataclass(eq=False)
class Clip(Activation):
    """y = min(max(x, low), high).

    Args:
        low: lower end; None for none.
        high: upper end; None for none.
    """

    low: float | None = -1.0
    high: float | None = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"expected low to be at most high, got {self.low} and {self.high}")

    def activate(self, x: Array) -> tuple[Array, Array]:
        """Keep the output."""
        low, high = self._ends()
        y = np.clip(x, x.dtype.type(low), x.dtype.type(high))
        return y, y

    def derive(self, dy: Array, saved: Array) -> Array:
        """dx = dy where low < y < high, else 0."""
        low, high = self._ends()
        return dy * ((saved > low) & (saved < high)).astype(dy.dtype)

    def _ends(self) -> tuple[float, float]:
        return -inf if self.low is None else self.low, inf if self.high is None else self.high


@dataclass(eq=False)
class HardSigmoid(Activation):
    """y = min(max(alpha x + beta, 0), 1).

    Args:
        alpha: slope; 1/6 in MobileNetV3, 1/5 in Keras and ONNX.
        beta: value at 0.
    """

    alpha: float = 1 / 6
    beta: float = 0.5

    def activate(self, x: Array) -> tuple[Array, Array]:
        """Keep the output."""
        kind = x.dtype.type
        y = np.clip(kind(self.alpha) * x + kind(self.beta), 0, 1)
        return y, y

    def derive(self, dy: Array, saved: Array) -> Array:
        """dx = alpha dy where 0 < y < 1, else 0."""
        return dy * dy.dtype.type(self.alpha) * ((saved > 0) & (saved < 1)).astype(dy.dtype)

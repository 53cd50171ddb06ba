"""Gradient descent with momentum, as an exponential moving average of gradients.

    v     <- beta v + (1 - beta) g
    theta <- theta - learning_rate * v

Polyak 1964 and PyTorch write v <- beta v + g. The path is the same with
learning_rate / (1 - beta) here; in this form beta can change without rescaling the rate.
"""

from dataclasses import dataclass
from typing import ClassVar

from src.classic_nn.array_types import Array
from src.classic_nn.optimizers.base import SMALL, Optimizer
from src.common.kernels import operation


@operation("src.classic_nn.optimizers.momentum_loops", SMALL, elementwise=True)
def momentum_update(theta: Array, g: Array, v: Array, beta: float, rate: float) -> None:
    """The formula above, in place; all (parameters,)."""
    v *= beta
    v += (1 - beta) * g
    theta -= rate * v


@dataclass
class Momentum(Optimizer):
    """Momentum; v starts at 0 without bias correction, so the first steps are short.

    Args:
        learning_rate: step size.
        beta: fraction of the old average that remains.
    """

    slots: ClassVar[tuple[str, ...]] = ("v",)

    learning_rate: float = 0.1
    beta: float = 0.9

    def update(self, theta: Array, g: Array, *slots: Array) -> None:
        """Slots: v."""
        (v,) = slots
        momentum_update(theta, g, v, self.beta, self.learning_rate)

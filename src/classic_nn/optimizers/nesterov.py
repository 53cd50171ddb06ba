"""Nesterov's accelerated gradient, in the moving-average form of ``momentum``.

    v     <- beta v + (1 - beta) g
    theta <- theta - learning_rate * (beta v + (1 - beta) g)

The step looks ahead by one more application of the momentum (Nesterov 1983; in this form
Sutskever et al. 2013, section 2, and PyTorch with learning_rate * (1 - beta)).
"""

from dataclasses import dataclass
from typing import ClassVar

from src.classic_nn.array_types import Array
from src.classic_nn.optimizers.base import Optimizer


@dataclass
class Nesterov(Optimizer):
    """Momentum that looks ahead.

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
        v *= self.beta
        v += (1 - self.beta) * g
        theta -= self.learning_rate * (self.beta * v + (1 - self.beta) * g)

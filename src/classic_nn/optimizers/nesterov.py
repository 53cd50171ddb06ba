"""Nesterov's accelerated gradient, in the moving-average form of ``momentum``.

    v     <- beta v + (1 - beta) g
    theta <- theta - learning_rate * (beta v + (1 - beta) g)

The step looks ahead by one more application of the momentum (Nesterov 1983; in this form
Sutskever et al. 2013, section 2, and PyTorch with learning_rate * (1 - beta)).
"""

from dataclasses import dataclass
from typing import ClassVar

from src.classic_nn.array_types import Array
from src.classic_nn.optimizers.base import SMALL, Optimizer
from src.common.kernels import operation


@operation("src.classic_nn.optimizers.momentum_loops", SMALL, elementwise=True)
def nesterov_update(theta: Array, g: Array, v: Array, beta: float, rate: float) -> None:
    """The formula above, in place; all (parameters,)."""
    v *= beta
    v += (1 - beta) * g
    theta -= rate * (beta * v + (1 - beta) * g)


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
        nesterov_update(theta, g, v, self.beta, self.learning_rate)

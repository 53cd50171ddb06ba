"""Stochastic gradient descent (Robbins and Monro 1951).

    theta <- theta - learning_rate * g

g is the gradient of one mini-batch, and nothing is kept from step to step.
"""

from dataclasses import dataclass

from src.classic_nn.array_types import Array
from src.classic_nn.optimizers.base import Optimizer


@dataclass
class SGD(Optimizer):
    """theta <- theta - learning_rate * g."""

    def update(self, theta: Array, g: Array, *slots: Array) -> None:
        """One line, one formula."""
        theta -= self.learning_rate * g

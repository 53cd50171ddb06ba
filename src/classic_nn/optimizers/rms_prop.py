"""RMSProp (Tieleman and Hinton 2012, lecture 6e): each coordinate divided by its gradient's size.

    s     <- beta s + (1 - beta) g^2
    theta <- theta - learning_rate * g / (sqrt(s) + epsilon)

s is a running mean of squares, which begins at 0; epsilon stands outside the root.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.optimizers.base import SMALL, Optimizer
from src.common.kernels import operation


@operation("src.classic_nn.optimizers.rms_prop_loops", SMALL, elementwise=True)
def rms_prop_update(
    theta: Array, g: Array, s: Array, beta: float, rate: float, epsilon: float
) -> None:
    """The formula above, in place; all (parameters,)."""
    s *= beta
    s += (1 - beta) * g * g
    theta -= rate * g / (np.sqrt(s) + epsilon)


@dataclass
class RMSProp(Optimizer):
    """RMSProp.

    Args:
        learning_rate: step size.
        beta: fraction of the old mean square that remains (PyTorch calls it alpha).
        epsilon: added after the root.
    """

    slots: ClassVar[tuple[str, ...]] = ("s",)

    learning_rate: float = 0.001
    beta: float = 0.9
    epsilon: float = 1e-8

    def update(self, theta: Array, g: Array, *slots: Array) -> None:
        """Slots: s."""
        (s,) = slots
        rms_prop_update(theta, g, s, self.beta, self.learning_rate, self.epsilon)

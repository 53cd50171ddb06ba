"""Rectified Adam (Liu et al. 2020, algorithm 2).

With few gradients seen, Adam's divisor is too uncertain to trust. RAdam estimates how uncertain,
takes momentum steps until the estimate is good enough, then scales Adam's step by r_t:

    rho_inf = 2 / (1 - beta2) - 1
    rho_t   = rho_inf - 2 t beta2^t / (1 - beta2^t)
    r_t     = sqrt((rho_t - 4)(rho_t - 2) rho_inf / ((rho_inf - 4)(rho_inf - 2) rho_t))
    theta  <- theta - learning_rate * r_t * m_hat * sqrt(1 - beta2^t) / (sqrt(s) + epsilon)
              where rho_t > 5, else theta - learning_rate * m_hat

The paper's threshold is 4; 5, and epsilon beside the uncorrected root, are the choices of the
authors' code and of PyTorch.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.optimizers.base import Optimizer


@dataclass
class RAdam(Optimizer):
    """Rectified Adam.

    Args:
        learning_rate: step size.
        beta1: share of the old mean gradient that is kept.
        beta2: share of the old mean square that is kept.
        epsilon: added to the root of the mean square.
    """

    slots: ClassVar[tuple[str, ...]] = ("m", "s")

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def update(self, theta: Array, g: Array, *slots: Array) -> None:
        """Slots: m, s."""
        m, s = slots
        t = self.step_count
        m *= self.beta1
        m += (1 - self.beta1) * g
        s *= self.beta2
        s += (1 - self.beta2) * g * g
        m_hat = m / (1 - self.beta1**t)
        rho_inf = 2 / (1 - self.beta2) - 1
        rho = rho_inf - 2 * t * self.beta2**t / (1 - self.beta2**t)
        if rho <= 5:
            theta -= self.learning_rate * m_hat
            return
        r = ((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho)) ** 0.5
        correction = (1 - self.beta2**t) ** 0.5
        theta -= self.learning_rate * r * correction * m_hat / (np.sqrt(s) + self.epsilon)

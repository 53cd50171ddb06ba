"""Rectified Adam (Liu et al. 2020, algorithm 2).

With few gradients seen, Adam's divisor is too uncertain to trust. RAdam estimates how uncertain,
takes momentum steps until the estimate is good enough, then scales Adam's step by r_t:

    rho_inf = 2 / (1 - beta2) - 1
    rho_t   = rho_inf - 2 t beta2^t / (1 - beta2^t)
    r_t     = sqrt((rho_t - 4)(rho_t - 2) rho_inf / ((rho_inf - 4)(rho_inf - 2) rho_t))
    theta  <- theta - learning_rate * r_t * m_hat * sqrt(1 - beta2^t) / (sqrt(v) + epsilon)
              where rho_t > 5, else theta - learning_rate * m_hat

The paper's threshold is 4; 5, and epsilon added to the uncorrected root, are the choices of the
authors' code and of PyTorch.
"""

from dataclasses import dataclass

from src.classic_nn.array_types import Array
from src.classic_nn.optimizers.adam import Adam, adam_update, decay_sums
from src.classic_nn.optimizers.base import SMALL
from src.common.kernels import operation


@operation("src.classic_nn.optimizers.adam_loops", SMALL, elementwise=True)
def momentum_step(
    theta: Array,
    g: Array,
    m_sum: Array,
    v_sum: Array,
    beta1: float,
    beta2: float,
    rate: float,
) -> None:
    """M, V and theta <- theta - rate * M, in place; all (parameters,)."""
    decay_sums(g, m_sum, v_sum, beta1, beta2)
    theta -= rate * m_sum


@dataclass
class RAdam(Adam):
    """Rectified Adam; the settings are Adam's."""

    def update(self, theta: Array, g: Array, *slots: Array) -> None:
        """Slots: M, V."""
        m_sum, v_sum = slots
        t = self.step_count
        # m_hat = a M and sqrt(v) = c sqrt(V); numerator and denominator are divided by c
        a = (1 - self.beta1) / (1 - self.beta1**t)
        c = (1 - self.beta2) ** 0.5
        rho_inf = 2 / (1 - self.beta2) - 1
        rho = rho_inf - 2 * t * self.beta2**t / (1 - self.beta2**t)
        if rho <= 5:
            momentum_step(theta, g, m_sum, v_sum, self.beta1, self.beta2, self.learning_rate * a)
            return
        r = ((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho)) ** 0.5
        rate = self.learning_rate * a * r * (1 - self.beta2**t) ** 0.5 / c
        adam_update(theta, g, m_sum, v_sum, self.beta1, self.beta2, rate, self.epsilon / c)

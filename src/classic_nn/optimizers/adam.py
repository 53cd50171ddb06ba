"""Adam (Kingma and Ba 2015, algorithm 1), and AdamW (Loshchilov and Hutter 2019, algorithm 2).

    m     <- beta1 m + (1 - beta1) g
    v     <- beta2 v + (1 - beta2) g^2
    m_hat  = m / (1 - beta1^t)
    v_hat  = v / (1 - beta2^t)
    theta <- theta - learning_rate * m_hat / (sqrt(v_hat) + epsilon)

``adam_step_plain`` is these lines as they stand. What ``Adam`` keeps are not the averages m and v
but the sums that they are proportional to,

    M <- beta1 M + g          m = (1 - beta1) M
    V <- beta2 V + g^2        v = (1 - beta2) V

which takes two passes over memory fewer; the constants go into the step. t counts steps from 1.
Epsilon is that of algorithm 1, added to the root of the corrected v_hat
(not the "epsilon hat" of the paper's section 2, added to the root of v, which TensorFlow uses).
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.optimizers.base import SMALL, Optimizer, ParallelFor, serial_for
from src.classic_nn.parameters import ParameterVector, is_weight
from src.common.kernels import operation


def adam_step_plain(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    t: int,
    learning_rate: float = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[Array, Array, Array]:
    """theta, m and v after step t, counted from 1; all arrays of one shape, m and v 0 at first."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return theta - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon), m, v


@operation("src.classic_nn.optimizers.adam_loops", SMALL, elementwise=True)
def adam_update(
    theta: Array,
    g: Array,
    m_sum: Array,
    v_sum: Array,
    beta1: float,
    beta2: float,
    rate: float,
    epsilon: float,
) -> None:
    """M, V and theta <- theta - rate * M / (sqrt(V) + epsilon), in place; all (parameters,)."""
    decay_sums(g, m_sum, v_sum, beta1, beta2)
    step = np.sqrt(v_sum)
    step += epsilon
    np.divide(m_sum, step, out=step)
    step *= rate
    theta -= step


def decay_sums(g: Array, m_sum: Array, v_sum: Array, beta1: float, beta2: float) -> None:
    """M <- beta1 M + g and V <- beta2 V + g^2, in place; all (parameters,)."""
    m_sum *= beta1
    m_sum += g
    v_sum *= beta2
    v_sum += g * g


@dataclass
class Adam(Optimizer):
    """Adam.

    Args:
        learning_rate: step size.
        beta1: fraction of the old mean gradient that remains.
        beta2: fraction of the old mean square that remains.
        epsilon: added to the root of the corrected mean square.
    """

    slots: ClassVar[tuple[str, ...]] = ("gradient_sum", "square_sum")

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def update(self, theta: Array, g: Array, *slots: Array) -> None:
        """Slots: M, V."""
        m_sum, v_sum = slots
        t = self.step_count
        # m_hat = a M and sqrt(v_hat) = c sqrt(V); numerator and denominator are divided by c
        a = (1 - self.beta1) / (1 - self.beta1**t)
        c = ((1 - self.beta2) / (1 - self.beta2**t)) ** 0.5
        rate = self.learning_rate * a / c
        adam_update(theta, g, m_sum, v_sum, self.beta1, self.beta2, rate, self.epsilon / c)


@dataclass
class AdamW(Adam):
    """Adam with decoupled weight decay: theta <- theta - learning_rate * weight_decay * theta.

    The decay comes before Adam's step and does not pass through its moments. It applies to
    weights; biases and batch-norm parameters keep their size unless ``decay_all``.

    Args:
        learning_rate: step size.
        beta1: fraction of the old mean gradient that remains.
        beta2: fraction of the old mean square that remains.
        epsilon: added to the root of the corrected mean square.
        weight_decay: strength of the decay, multiplied by the learning rate as in PyTorch.
        decay_all: decay biases and batch-norm parameters too, as PyTorch does by default.
    """

    weight_decay: float = 0.01
    decay_all: bool = False

    def step(
        self,
        parameters: ParameterVector,
        gradients: ParameterVector,
        parallel_for: ParallelFor = serial_for,
    ) -> None:
        """Decay, then Adam's step."""
        decay = self.learning_rate * self.weight_decay
        for name, array in parameters.items():
            if self.decay_all or is_weight(name):
                array *= 1 - decay * self.rate_factor(name)
        super().step(parameters, gradients, parallel_for)

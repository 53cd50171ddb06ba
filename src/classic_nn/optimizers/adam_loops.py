"""Adam as a loop over the parameters: M, V and theta in one pass over memory.

NumPy's form makes eleven passes, in blocks that stay in the cache. The square root and the division
take longer than the arithmetic, and both hide behind the memory.
"""

from math import sqrt

from src.classic_nn.array_types import Array
from src.common.loops import Number, Vector, contiguous, loop, numbers


@loop
def adam_loop(
    theta: Vector,
    g: Vector,
    m_sum: Vector,
    v_sum: Vector,
    beta1: Number,
    beta2: Number,
    rate: Number,
    epsilon: Number,
) -> None:
    """One step of Adam."""
    for k in range(len(theta)):
        m_sum[k] = beta1 * m_sum[k] + g[k]
        v_sum[k] = beta2 * v_sum[k] + g[k] * g[k]
        theta[k] -= rate * m_sum[k] / (sqrt(v_sum[k]) + epsilon)


@loop
def momentum_step_loop(
    theta: Vector,
    g: Vector,
    m_sum: Vector,
    v_sum: Vector,
    beta1: Number,
    beta2: Number,
    rate: Number,
) -> None:
    """One of RAdam's first steps."""
    for k in range(len(theta)):
        m_sum[k] = beta1 * m_sum[k] + g[k]
        v_sum[k] = beta2 * v_sum[k] + g[k] * g[k]
        theta[k] -= rate * m_sum[k]


def adam_update(theta: Array, g: Array, m_sum: Array, v_sum: Array, *constants: float) -> None:
    """See ``adam.adam_update``."""
    (g,) = contiguous(g)
    adam_loop(theta, g, m_sum, v_sum, *numbers(theta.dtype, *constants))


def momentum_step(theta: Array, g: Array, m_sum: Array, v_sum: Array, *constants: float) -> None:
    """See ``radam.momentum_step``."""
    (g,) = contiguous(g)
    momentum_step_loop(theta, g, m_sum, v_sum, *numbers(theta.dtype, *constants))

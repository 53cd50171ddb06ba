"""RMSProp as a loop over the parameters: one pass over memory."""

from math import sqrt

from src.classic_nn.array_types import Array
from src.common.loops import Number, Vector, contiguous, loop, numbers


@loop
def rms_prop_loop(
    theta: Vector, g: Vector, s: Vector, beta: Number, rest: Number, rate: Number, epsilon: Number
) -> None:
    """One step; rest is 1 - beta."""
    for k in range(len(theta)):
        s[k] = beta * s[k] + rest * (g[k] * g[k])
        theta[k] -= rate * g[k] / (sqrt(s[k]) + epsilon)


def rms_prop_update(
    theta: Array, g: Array, s: Array, beta: float, rate: float, epsilon: float
) -> None:
    """See ``rms_prop.rms_prop_update``."""
    (g,) = contiguous(g)
    rms_prop_loop(theta, g, s, *numbers(theta.dtype, beta, 1 - beta, rate, epsilon))

"""Momentum and Nesterov's form of it as loops over the parameters: one pass over memory."""

from src.classic_nn.array_types import Array
from src.common.loops import Number, Vector, contiguous, loop, numbers


@loop
def momentum_loop(
    theta: Vector, g: Vector, v: Vector, beta: Number, rest: Number, rate: Number
) -> None:
    """One step; rest is 1 - beta."""
    for k in range(len(theta)):
        v[k] = beta * v[k] + rest * g[k]
        theta[k] -= rate * v[k]


@loop
def nesterov_loop(
    theta: Vector, g: Vector, v: Vector, beta: Number, rest: Number, rate: Number
) -> None:
    """One step; rest is 1 - beta."""
    for k in range(len(theta)):
        v[k] = beta * v[k] + rest * g[k]
        theta[k] -= rate * (beta * v[k] + rest * g[k])


def momentum_update(theta: Array, g: Array, v: Array, beta: float, rate: float) -> None:
    """See ``momentum.momentum_update``."""
    (g,) = contiguous(g)
    momentum_loop(theta, g, v, *numbers(theta.dtype, beta, 1 - beta, rate))


def nesterov_update(theta: Array, g: Array, v: Array, beta: float, rate: float) -> None:
    """See ``nesterov.nesterov_update``."""
    (g,) = contiguous(g)
    nesterov_loop(theta, g, v, *numbers(theta.dtype, beta, 1 - beta, rate))

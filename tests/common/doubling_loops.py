"""Loops of an operation of the tests: they triple, to be told from NumPy's form, which doubles."""

import numpy as np

from src.common.loops import Vector, contiguous, loop


@loop
def triple_loop(x: Vector, y: Vector) -> None:
    """y = 3 x."""
    for k in range(len(x)):
        y[k] = x[k] + x[k] + x[k]


def doubled(x, factor=1, other=None):
    """Triple."""
    (x,) = contiguous(x)
    y = np.empty_like(x)
    triple_loop(x, y)
    return y

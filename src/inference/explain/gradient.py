"""The gradient of the score with respect to the input (Simonyan, Vedaldi and Zisserman 2014).

    gradient           a = df/dx
    gradient x input   a = (x - x') df/dx

The gradient says what a small change of a pixel does to the score, and not what the pixel
contributes: where a unit is saturated it is zero, however much the unit says. Times the distance
from a baseline x', it is the first step of Taylor's series: exact for a linear function, where it
is w_k (x_k - x'_k).
"""

import numpy as np

from src.classic_nn.array_types import Array
from src.inference.explain.attribution import Attribution
from src.inference.explain.score import Score


def gradient(score: Score, x: Array) -> Attribution:
    """df/dx at one input x, of its shape."""
    (_, _, dx), *_ = score.gradients(lambda _: x[np.newaxis], 1)
    return Attribution(dx[0].astype(np.float64))


def gradient_times_input(score: Score, x: Array, baseline: Array) -> Attribution:
    """(x - x') df/dx at one input x; baseline x' of its shape."""
    return Attribution((x - baseline) * gradient(score, x).values)

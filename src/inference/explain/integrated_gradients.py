"""Integrated gradients (Sundararajan, Taly and Yan 2017, equations 1 and 3).

    a_k = (x_k - x'_k) integral from 0 to 1 of df/dx_k at x' + t (x - x') dt

on the straight way from a baseline x', which shows nothing, to the input x. By the fundamental
theorem of calculus all attributions add up to what has changed on the way (completeness):

    sum over k of a_k = f(x) - f(x')

The integral is a weighted sum over some steps, so completeness holds about, and how far it fails
tells how good the sum is. Steps are doubled, once or several times at a time, until it fails by
less than 1%, or there are too many. More steps are no promise: a network of ReLUs has kinks on the
way.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.inference.explain.attribution import Attribution
from src.inference.explain.quadrature import quadrature
from src.inference.explain.score import Score
from src.inference.explain_settings import Settings

ROUNDING = 1e-6
"""What float32 leaves of a score, as a fraction."""

MOST_STEPS = 1024
"""Steps are not doubled beyond."""


def integrated_gradients(
    score: Score,
    x: Array,
    baseline: Array,
    steps: int = Settings.steps,
    rule: str = Settings.rule,
    tolerance: float = Settings.tolerance,
    most_steps: int = MOST_STEPS,
) -> Attribution:
    """Attributions of one input.

    Args:
        score: f.
        x: the input.
        baseline: x', of its shape.
        steps: of the sum, to begin with.
        rule: of the sum, "gauss_legendre" or "trapezoid".
        tolerance: steps are doubled while completeness fails by more than this fraction.
        most_steps: at most; the same as ``steps`` to double nothing.

    Figures: ``steps``; ``completeness_error``, |sum of a - (f(x) - f(x'))|; and
    ``relative_error``, the same as a fraction of |f(x) - f(x')|.
    """
    ends = score.of(x), score.of(baseline)
    change = ends[0] - ends[1]
    rounding = ROUNDING * max(map(abs, ends))
    way = (x - baseline).astype(np.float64)
    while True:
        values = way * mean_gradient(score, x, baseline, steps, rule)
        error = completeness(values, change)
        exact = error.relative <= tolerance or error.absolute <= rounding
        if exact or 2 * steps > most_steps:
            break
        steps = min(steps * _factor(error.relative / max(tolerance, 1e-12)), most_steps)
    return Attribution(values, {"steps": steps, **error.figures()})


def _factor(times: float) -> int:
    """How many times more steps for an error so many times too large: a power of two.

    Where there are kinks, the error falls as one over the number of steps, about.
    """
    return 2 ** max(int(np.log2(min(times, MOST_STEPS))), 1)


def mean_gradient(
    score: Score, x: Array, baseline: Array, steps: int, rule: str
) -> NDArray[np.float64]:
    """The integral of the gradient on the way from the baseline to x."""
    points, weights = quadrature(rule, steps)
    total = np.zeros(x.shape)
    for some, _, dx in score.gradients(
        lambda some: on_the_way(baseline, x, points[some]), len(points)
    ):
        total += np.tensordot(weights[some], dx, axes=1)
    return total


def on_the_way(start: Array, end: Array, t: NDArray[np.float64]) -> Array:
    """start + t (end - start) for all t (samples,): (samples, *shape)."""
    fractions = t.astype(end.dtype).reshape(-1, *[1] * end.ndim)
    way: Array = start + fractions * (end - start)
    return way


@dataclass(frozen=True)
class Completeness:
    """How far attributions are from adding up to what they explain.

    Attributes:
        absolute: |sum of a - change of f|.
        relative: the same, as a fraction of the change.
    """

    absolute: float
    relative: float

    def figures(self) -> dict[str, float]:
        """By name."""
        return {"completeness_error": self.absolute, "relative_error": self.relative}


def completeness(values: NDArray[np.float64], change: float) -> Completeness:
    """See ``Completeness``; the relative error of a change of 0 is 0 or infinite."""
    absolute = abs(float(values.sum()) - change)
    if change == 0:
        return Completeness(absolute, 0.0 if absolute == 0 else float("inf"))
    return Completeness(absolute, absolute / abs(change))

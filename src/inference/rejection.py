"""When not to answer: the photo is to be taken again where the model is not certain enough.

Selective classification (El-Yaniv and Wiener 2010; Geifman and El-Yaniv 2017): an answer is given
if its probability reaches a threshold. Coverage is the fraction of samples that are answered, risk
the fraction of these answers that are wrong. The curve of risk over coverage shows every threshold;
the area below it is small where wrong answers are the uncertain ones.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array

RETAKE = "retake"
"""The answer where none is given."""


@dataclass(frozen=True)
class RiskCoverage:
    """Coverage and risk at every threshold, from few answers to all.

    Attributes:
        thresholds: (levels,), descending: probability from which on an answer is given.
        coverage: (levels,).
        risk: (levels,).
    """

    thresholds: Array
    coverage: Array
    risk: Array

    def area(self) -> float:
        """Mean risk over all coverages."""
        steps = np.diff(self.coverage, prepend=0.0)
        return float((self.risk * steps).sum())


def risk_coverage(certainty: Array, correct: NDArray[np.bool_]) -> RiskCoverage:
    """The curve of some samples.

    Args:
        certainty: (samples,), probability of each answer.
        correct: (samples,).

    >>> curve = risk_coverage(np.array([0.9, 0.6, 0.8]), np.array([True, False, True]))
    >>> curve.coverage.round(2).tolist(), curve.risk.round(2).tolist()
    ([0.33, 0.67, 1.0], [0.0, 0.0, 0.33])
    """
    order = np.argsort(-certainty, kind="stable")
    levels, wrong = certainty[order], np.cumsum(~correct[order])
    last = np.flatnonzero(np.diff(levels, append=-np.inf))  # of answers that are equally certain
    answered = last + 1
    return RiskCoverage(levels[last], answered / len(levels), wrong[last] / answered)


def threshold_for_wrong_accepts(
    certainty: Array, correct: NDArray[np.bool_], wanted: float
) -> float:
    """The lowest threshold from which on at most a wanted fraction of the answers is wrong.

    Args:
        certainty, correct: see ``risk_coverage``; of validation samples.
        wanted: largest risk, from 0 to 1.

    It is put halfway to the next less certain sample, and is 0 where all may be answered. Where
    even the most certain answers are wrong too often, it is above them all.
    """
    curve = risk_coverage(certainty, correct)
    allowed = np.flatnonzero(curve.risk <= wanted)
    if not len(allowed):
        return float(np.nextafter(curve.thresholds[0], np.inf))
    lowest = allowed[-1]
    if lowest == len(curve.thresholds) - 1:
        return 0.0
    return float((curve.thresholds[lowest] + curve.thresholds[lowest + 1]) / 2)

"""Is it true? Deletion and insertion curves (Petsiuk, Das and Saenko 2018, section 4.2).

Parts of the input are hidden, the most important first, as the explanation has it; the probability
of the class should fall at once. Or they are shown, on a blurred photo, and it should rise at once.

    deletion area  = mean of p over the fraction hidden, from 0 to 1: small is good
    insertion area = mean of p over the fraction shown: large is good

A curve alone says little: with some models p falls whatever is hidden. So a random order stands
beside it. Parts are cells of 16 x 16 in a photo, for every method: single pixels that are scattered
make noise, which a network may fear more than what they hide; and cells let a coarse map and a fine
one be compared.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.inference.explain.players import Players, features, grid

CELLS = 16
"""Rows and columns of cells; of feature vectors each feature is one, up to their square."""

STEPS = 32
"""Points of a curve, besides its start."""

Floats = NDArray[np.float64]

Probability = Callable[[Callable[[slice], Array], int], Floats]
"""The probability of the class (count,) for inputs that are made when they are needed."""


@dataclass(frozen=True)
class Curve:
    """A deletion or insertion curve.

    Attributes:
        fractions: (points,) of the input that is hidden, or shown; from 0 to 1.
        probabilities: (points,) of the class.
    """

    fractions: Floats
    probabilities: Floats

    @property
    def area(self) -> float:
        """Mean probability over the fraction."""
        return float(np.trapezoid(self.probabilities, self.fractions))


def cells_of(x: Array) -> Players:
    """The cells of an input: (height, width) or (features,), a number for each place."""
    if x.ndim == 1:
        return features(len(x), CELLS**2)
    rows, columns = (min(CELLS, side) for side in x.shape[:2])
    return grid((x.shape[0], x.shape[1]), rows, columns)


def importance(heat: Floats, cells: Players) -> Floats:
    """(cells,): the mean attribution of each cell."""
    total = np.bincount(cells.ravel(), heat.ravel())
    means: Floats = total / np.bincount(cells.ravel())
    return means


def exchange_curve(
    probability: Probability,
    before: Array,
    after: Array,
    cells: Players,
    order: NDArray[np.intp],
    steps: int = STEPS,
) -> Curve:
    """p while cells of one input are exchanged for those of another, in an order.

    Deletion goes from x to the baseline, insertion from a blurred x to x.

    Args:
        probability: of the class.
        before: the input to begin with.
        after: the input at the end, of its shape.
        cells: a number for each place.
        order: numbers of the cells, first to last.
        steps: points of the curve, besides its start.
    """
    rank = np.empty(len(order), np.intp)
    rank[order] = np.arange(len(order))
    counts = np.unique(np.linspace(0, len(order), min(steps, len(order)) + 1).round().astype(int))
    places = rank[cells].reshape(*cells.shape, *[1] * (before.ndim - cells.ndim))

    def partly(some: slice) -> Array:
        done = counts[some].reshape(-1, *[1] * before.ndim)
        return np.where(places < done, after, before).astype(before.dtype, copy=False)

    return Curve(counts / len(order), probability(partly, len(counts)))


def share_inside(heat: Floats, mask: NDArray[np.bool_]) -> float:
    """Fraction of what speaks for the class (positive attributions) that lies in a mask.

    NaN where nothing speaks for it.
    """
    positive = np.maximum(heat, 0)
    total = float(positive.sum())
    return float(positive[mask].sum()) / total if total > 0 else float("nan")

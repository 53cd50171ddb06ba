"""From which probability on the answer is yes."""

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array


def threshold_for_specificity(
    targets: NDArray[np.int64], probabilities: Array, wanted: float
) -> float:
    """The lowest threshold at which at least the wanted fraction of the negatives is negative.

    Args:
        targets: (samples,) of 0 and 1.
        probabilities: (samples,), of 1.
        wanted: fraction, from 0 to 1; the specificity, or recall of the class 0.

    A sample is positive from the threshold on. So it is put halfway between the highest
    probability of a negative that has to be below it and the next higher one of any sample.

    Raises ValueError where there is no negative.
    """
    negatives = np.sort(probabilities[targets == 0])
    if not len(negatives):
        raise ValueError("a specificity needs samples of the first class")
    below = int(np.ceil(wanted * len(negatives) - 1e-9))
    if below == 0:
        return 0.0
    highest = negatives[below - 1]
    above = probabilities[probabilities > highest]
    next_one = above.min() if len(above) else np.nextafter(highest, np.inf)
    between = (highest + next_one) / 2  # which rounds to one of them where they are neighbours
    return float(between if between > highest else next_one)


def threshold_for_f1(targets: NDArray[np.int64], scores: Array) -> float:
    """The threshold with the best F1 of all labels of all samples counted together (micro F1).

    Args:
        targets: (samples, labels) of 0 and 1.
        scores: (samples, labels); labels with a score of 0 are never given.

    With k scores from the threshold on, t of which belong to true labels, of P true ones in all,
    F1 = 2 t / (k + P). The threshold lies halfway between two neighbouring scores; of equally good
    ones it is the highest. One half where no true label has a score.
    """
    order = np.argsort(-scores, axis=None, kind="stable")
    ordered, right = scores.ravel()[order], targets.ravel()[order]
    f1 = 2 * np.cumsum(right) / (np.arange(1, len(ordered) + 1) + targets.sum())
    following = np.append(ordered[1:], 0.0)
    usable = (ordered > following) & (ordered > 0)  # equal scores stay together
    if not (usable & (f1 > 0)).any():
        return 0.5
    best = int(np.argmax(np.where(usable, f1, -1.0)))
    between = (ordered[best] + following[best]) / 2
    return float(between if between < ordered[best] else ordered[best])

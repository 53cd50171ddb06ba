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

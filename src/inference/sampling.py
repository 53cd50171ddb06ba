"""A few samples that stand for many."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from src.load.dataset import ImageDataset


def some_of_each_class(
    dataset: ImageDataset,
    rows: NDArray[np.intp],
    rng: np.random.Generator,
    most: int,
    equal: bool = False,
) -> NDArray[np.intp]:
    """``most`` rows, or all, chosen at random: of rare classes all, of others equally many.

    With ``equal`` no class has more than its share, and there may be fewer rows.
    """
    order = rng.permutation(rows)
    if dataset.multi_label:
        return np.sort(order[:most])
    seen: Counter[int] = Counter()
    turns = []  # the how many-th of its class each row is
    for target in dataset.targets[order].tolist():
        turns.append(seen[target])
        seen[target] += 1
    each = -(-most // max(len(seen), 1)) if equal else most
    in_turn = np.argsort(turns, kind="stable")
    return np.sort(order[in_turn[np.sort(turns) < each][:most]])

"""A few samples that stand for many."""

import numpy as np
from numpy.typing import NDArray

from src.load.dataset import ImageDataset


def some_of_each_class(
    dataset: ImageDataset, rows: NDArray[np.intp], rng: np.random.Generator, most: int
) -> NDArray[np.intp]:
    """At most ``most`` rows, chosen at random: of rare classes all, of others equally many."""
    order = rng.permutation(rows)
    if dataset.multi_label:
        return np.sort(order[:most])
    targets = dataset.targets[order]
    each = max(most // max(len(np.unique(targets)), 1), 1)
    kept = [order[targets == k][:each] for k in np.unique(targets)]
    chosen = np.concatenate(kept)
    return np.sort(chosen if len(chosen) <= most else rng.permutation(chosen)[:most])

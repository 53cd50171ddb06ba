"""Random streams and mini-batches."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

SHUFFLING, LAYERS, AUGMENTATION = 0, 1, 2
"""Purposes of random streams, so that one never repeats the numbers of another."""


def random_stream(seed: int, purpose: int, epoch: int, rank: int = 0) -> np.random.Generator:
    """The random generator of one purpose, in one epoch, of one worker.

    Every epoch starts its streams anew from (seed, purpose, epoch, rank). So a resumed run draws
    the numbers that the uninterrupted run would have drawn, and no generator state is saved.
    """
    return np.random.default_rng([seed, purpose, epoch, rank])


def shuffled_batches(
    samples: int, batch_size: int, rng: np.random.Generator
) -> Iterator[NDArray[np.intp]]:
    """Row numbers of each mini-batch of an epoch: every sample once; the last may be short.

    >>> [len(rows) for rows in shuffled_batches(10, 4, np.random.default_rng(0))]
    [4, 4, 2]
    """
    order = rng.permutation(samples)
    for start in range(0, samples, batch_size):
        yield order[start : start + batch_size]

"""Random streams and mini-batches."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

SHUFFLING, LAYERS, AUGMENTATION = 0, 1, 2
"""Purposes of random streams, so that one never repeats the numbers of another."""


def random_stream(seed: int, purpose: int, epoch: int) -> np.random.Generator:
    """The random generator of one purpose in one epoch.

    Every epoch starts its streams anew from (seed, purpose, epoch). So a resumed run draws the
    numbers that the uninterrupted run would have drawn, and no generator state is saved.
    """
    return np.random.default_rng([seed, purpose, epoch])


def grouped(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of so many items; the last may be short.

    >>> list(grouped("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    iterator = iter(items)
    while group := list(islice(iterator, size)):
        yield group


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

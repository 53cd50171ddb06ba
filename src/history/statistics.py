"""What is recorded of an array: five figures in one pass, and how its values are distributed."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 65_536
"""Values that are summed at once: as float64 half a megabyte, which stays in the cache."""

SAMPLED = 1 << 17
"""Values that a histogram looks at."""

BINS = 50
"""Of a histogram."""


def array_statistics(array: NDArray[Any]) -> dict[str, float]:
    """Mean, standard deviation, Euclidean norm, minimum and maximum of all values.

    One pass over the memory, block by block, each block summed in float64 while it is in the
    cache: sum and sum of squares give the first three. In float64 the difference
    E[x^2] - E[x]^2 keeps about eight digits of the standard deviation where the mean is not
    larger than it, and enough to see it where the mean is. Of no values all are 0.

    >>> array_statistics(np.array([3.0, -4.0]))
    {'mean': -0.5, 'std': 3.5, 'norm': 5.0, 'min': -4.0, 'max': 3.0}
    """
    values = array.reshape(-1)
    if not values.size:
        return dict.fromkeys(("mean", "std", "norm", "min", "max"), 0.0)
    total = squares = 0.0
    lowest, highest = math.inf, -math.inf
    exact = np.empty(min(BLOCK, values.size))
    for start in range(0, values.size, BLOCK):
        block = values[start : start + BLOCK]
        # np.minimum hands on NaN, which min() of Python does not
        lowest = np.minimum(lowest, block.min())
        highest = np.maximum(highest, block.max())
        part = exact[: block.size]
        np.copyto(part, block)
        total += float(part.sum())
        squares += float(np.dot(part, part))
    mean = total / values.size
    variance = squares / values.size - mean * mean
    return {
        "mean": mean,
        "std": math.sqrt(variance) if variance > 0 else 0.0 * variance,
        "norm": math.sqrt(squares),
        "min": float(lowest),
        "max": float(highest),
    }


@dataclass(frozen=True)
class Histogram:
    """How the values of an array are distributed.

    Attributes:
        counts: (bins,) values in each bin; they add up to the size of the array.
        edges: (bins + 1,) limits of the bins, of one width, from the least value to the largest.
    """

    counts: NDArray[np.float64]
    edges: NDArray[np.float64]


def array_histogram(array: NDArray[Any], bins: int = BINS) -> Histogram | None:
    """Histogram of the finite values; None where there are none.

    Of a larger array than ``SAMPLED`` values only so many are counted, evenly spaced in memory,
    and the counts are scaled up: a histogram is looked at, and counting 28 million values would
    take as long as training on a mini-batch of them.

    >>> array_histogram(np.array([0.0, 0.1, 1.0]), bins=2).counts
    array([2., 1.])
    """
    values = array.reshape(-1)
    # an odd step meets all columns of a matrix whose width is a power of two
    step = -(-values.size // SAMPLED) | 1
    sample = values[::step].astype(np.float64)
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return None
    counts, edges = np.histogram(sample, bins)
    return Histogram(counts * (array.size / sample.size), edges)

"""What is recorded of an array: five statistics in one pass, and how its values are distributed."""

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

LARGEST = 1e100
"""Of a histogram: the squares of much larger values overflow, in TensorBoard too."""

SMALLEST = 1e-200
"""Width of a histogram at least: the counts divided by much less overflow."""


def array_statistics(array: NDArray[Any]) -> dict[str, float]:
    """Mean, standard deviation, Euclidean norm (l2), minimum and maximum of all values.

    One pass over the memory, block by block, each block measured in float64 while it is in the
    cache. The squared deviations of a block are taken from the block's own mean, so the standard
    deviation is right however small it is compared to the mean, and joined with those of the blocks
    before (Chan, Golub and LeVeque 1979, eq. 2.1):

        S_ab = S_a + S_b + (mean_b - mean_a)^2 n_a n_b / (n_a + n_b)

    Of no values all five are 0.

    >>> array_statistics(np.array([3.0, -4.0]))
    {'mean': -0.5, 'std': 3.5, 'l2': 5.0, 'min': -4.0, 'max': 3.0}
    """
    values = array.reshape(-1)
    if not values.size:
        return dict.fromkeys(("mean", "std", "l2", "min", "max"), 0.0)
    mean = squares = deviations = 0.0
    lowest, highest = math.inf, -math.inf
    exact = np.empty(min(BLOCK, values.size))
    with np.errstate(over="ignore", invalid="ignore"):  # statistics of infinite values are NaN
        for start in range(0, values.size, BLOCK):
            block = values[start : start + BLOCK]
            # np.minimum hands on NaN, which min() of Python does not
            lowest = np.minimum(lowest, block.min())
            highest = np.maximum(highest, block.max())
            part = exact[: block.size]
            np.copyto(part, block)
            squares += float(np.dot(part, part))
            of_block = float(part.mean())
            part -= of_block
            apart, weight = of_block - mean, block.size / (start + block.size)
            deviations += float(np.dot(part, part)) + apart * apart * start * weight
            mean += apart * weight
    return {
        "mean": mean,
        "std": math.sqrt(deviations / values.size),
        "l2": math.sqrt(squares),
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
    """Histogram of the finite values (up to ``LARGEST``); None where there are none.

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
    sample = sample[np.abs(sample) <= LARGEST]  # NaN is not
    if not sample.size:
        return None
    counts, edges = np.histogram(sample, bins, _range(sample, bins))
    return Histogram(counts * (array.size / sample.size), edges)


def _range(sample: NDArray[np.float64], bins: int) -> tuple[float, float]:
    """From the least value to the largest, and further where bins would be too narrow to differ."""
    lowest, highest = float(sample.min()), float(sample.max())
    narrowest = max(bins * float(np.spacing(max(-lowest, highest))), SMALLEST)
    if highest - lowest >= narrowest:
        return lowest, highest
    margin = max(narrowest, 0.5 if lowest == highest else 0.0)
    return lowest - margin, highest + margin


def fraction_of_zeros(array: NDArray[Any]) -> float:
    """How much of an array is exactly 0, from 0 to 1; of no values 0."""
    return (array.size - np.count_nonzero(array)) / max(array.size, 1)

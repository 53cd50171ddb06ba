"""Mean, standard deviation and norm of an array in one pass."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 65_536


def array_statistics(array: NDArray[Any]) -> dict[str, float]:
    """Mean, standard deviation and Euclidean norm of all values.

    One pass over the memory, block by block, each block summed in float64 while it is in the
    cache: sum and sum of squares give all three. In float64 the difference
    E[x^2] - E[x]^2 keeps about eight digits of the standard deviation where the mean is not
    larger than it, and enough to see it where the mean is.

    >>> array_statistics(np.array([3.0, -4.0]))
    {'mean': -0.5, 'std': 3.5, 'norm': 5.0}
    """
    values = array.reshape(-1)
    total = squares = 0.0
    for start in range(0, values.size, BLOCK):
        block = values[start : start + BLOCK].astype(np.float64)
        total += float(block.sum())
        squares += float(np.dot(block, block))
    count = max(values.size, 1)
    mean = total / count
    variance = max(squares / count - mean * mean, 0.0)
    return {"mean": mean, "std": math.sqrt(variance), "norm": math.sqrt(squares)}

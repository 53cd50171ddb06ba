"""Targets in the shape and dtype that a loss computes with."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from src.classic_nn.array_types import Array


def targets_like(outputs: Array, y: NDArray[Any]) -> Array:
    """The targets with the dtype of the outputs (samples, outputs).

    Raises ValueError where the shapes differ. NumPy would stretch targets of shape (samples,) to
    (samples, samples) without a word, and train on nonsense.
    """
    if y.shape != outputs.shape:
        raise ValueError(f"targets must have the outputs' shape {outputs.shape}, got {y.shape}")
    return y.astype(outputs.dtype, copy=False)


def one_hot(y: NDArray[Any], classes: int, dtype: DTypeLike) -> Array:
    """(samples,) class numbers -> (samples, classes) with a one at the class.

    Raises ValueError for a number outside 0 ... classes - 1.
    """
    if y.size and (y.min() < 0 or y.max() >= classes):
        raise ValueError(
            f"class numbers must be in 0 ... {classes - 1}, got {y.min()} ... {y.max()}"
        )
    return np.eye(classes, dtype=dtype)[y.astype(np.intp)]

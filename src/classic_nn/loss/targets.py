"""Targets in the shape and dtype that a loss computes with, and checks of their values."""

from collections.abc import Sequence
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

    Raises ValueError for anything but whole numbers from 0 to classes - 1.
    """
    check_class_numbers(y, classes)
    return np.eye(classes, dtype=dtype)[y.astype(np.intp, copy=False)]


def check_shape(y: NDArray[Any], outputs: int) -> None:
    """Raise ValueError unless the targets are (samples, outputs)."""
    if y.ndim != 2 or y.shape[1] != outputs:
        raise ValueError(f"expected shape (samples, {outputs}), got {y.shape}")


def check_one_each(name: str, values: Sequence[float], outputs: int) -> None:
    """Raise ValueError unless there is one value for each output."""
    if len(values) != outputs:
        raise ValueError(
            f"{name}: expected a value for each of {outputs} outputs, got {len(values)}"
        )


def check_class_numbers(y: NDArray[Any], classes: int) -> None:
    """Raise ValueError, naming the first sample, unless all are whole numbers below ``classes``."""
    # of whole numbers one comparison for both limits: a negative one is large without its sign
    if y.dtype.kind in "iu" and y.size and y.astype(np.uintp, copy=False).max() < classes:
        return
    # NaN is in no interval, and so in no range of numbers
    if y.size and not (y.min() >= 0 and y.max() < classes):
        _refuse(y, (y >= 0) & (y < classes), f"class numbers must be in 0 ... {classes - 1}")
    if y.dtype.kind not in "biu":
        _refuse(y, y == np.rint(y), "class numbers must be whole numbers")


def check_probabilities(y: NDArray[Any]) -> None:
    """Raise ValueError, naming the first sample, unless all targets are from 0 to 1."""
    if y.size and not (y.min() >= 0 and y.max() <= 1):
        _refuse(y, (y >= 0) & (y <= 1), "targets must be 0 or 1, or probabilities in between")


def check_distributions(y: NDArray[Any]) -> None:
    """Raise ValueError, naming the first sample, unless each row is a distribution."""
    check_probabilities(y)
    sums = y.sum(axis=1, keepdims=True)
    _refuse(sums, np.abs(sums - 1) < 1e-3, "probabilities of all classes must add up to 1")


def check_finite(y: NDArray[Any]) -> None:
    """Raise ValueError, naming the first sample, unless all targets are finite numbers."""
    _refuse(y, np.isfinite(y), "targets must be finite numbers")


def _refuse(y: NDArray[Any], allowed: NDArray[np.bool_], expected: str) -> None:
    """Raise ValueError for the first target that is not allowed, if there is one."""
    if allowed.all():
        return
    rows = np.flatnonzero(~allowed.reshape(len(y), -1).all(axis=1))
    row = int(rows[0])
    value = y[row][~allowed[row]].flat[0]
    raise ValueError(
        f"{expected}, got {value} in sample {row} ({len(rows)} of {len(y)} samples are affected)"
    )

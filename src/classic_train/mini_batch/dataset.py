"""Samples in memory, checked before training sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.layers.sequential import Sequential
from src.classic_nn.loss.base import Loss
from src.common.sharding import shard


class DataError(ValueError):
    """Data that cannot be trained on; the text says which array, what is wrong and what to do."""


@dataclass(frozen=True)
class ArrayDataset:
    """Inputs, targets and, optionally, the importance of each sample.

    Attributes:
        x: (samples, ...), inputs.
        y: (samples, ...), targets.
        weights: (samples,), sample weights, or None.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    weights: Array | None = None

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: slice | NDArray[np.intp]) -> "ArrayDataset":
        """The chosen samples."""
        weights = None if self.weights is None else self.weights[rows]
        return ArrayDataset(self.x[rows], self.y[rows], weights)

    def shard(self, rank: int, size: int) -> "ArrayDataset":
        """The contiguous shard of one of ``size`` workers; shards differ by one sample at most."""
        return self[shard(len(self), rank, size)]

    def arrays(self) -> tuple[NDArray[Any], ...]:
        """(x, y) or (x, y, sample_weights)."""
        return (self.x, self.y) if self.weights is None else (self.x, self.y, self.weights)


def as_dataset(
    data: "ArrayDataset | Sequence[NDArray[Any]]", name: str, dtype: DTypeLike
) -> ArrayDataset:
    """Check data and give it the network's dtype (class numbers stay integers).

    Args:
        data: a dataset, or a tuple (x, y) or (x, y, sample_weights).
        name: what error messages call it: "train", "validation".
        dtype: of the network.

    Raises:
        DataError: no samples, different numbers of them, or values that are not finite numbers.
    """
    parts = (data.x, data.y, data.weights) if isinstance(data, ArrayDataset) else tuple(data)
    if len(parts) not in (2, 3):
        raise DataError(
            f"{name}: expected (x, y) or (x, y, sample_weights), got {len(parts)} arrays"
        )
    x = _checked(f"{name} x", parts[0], dtype)
    y = np.asarray(parts[1])
    y = y if np.issubdtype(y.dtype, np.integer) and y.ndim == 1 else _checked(f"{name} y", y, dtype)
    weights = None
    if len(parts) == 3 and parts[2] is not None:
        weights = _checked(f"{name} sample_weights", parts[2], dtype)
        if weights.shape != (len(x),) or weights.min() < 0 or not weights.any():
            raise DataError(
                f"{name} sample_weights: expected shape ({len(x)},), no negative values and not "
                f"all zero; got shape {weights.shape}, values {weights.min()} to {weights.max()}"
            )
    if len(x) != len(y):
        raise DataError(
            f"{name}: expected as many rows in y as in x, got x {x.shape} and y {y.shape}"
        )
    return ArrayDataset(x, y, weights)


def check_targets(y: NDArray[Any], name: str, network: Sequential, loss: Loss) -> None:
    """Raise DataError, naming array and row, for targets that the loss is not defined for."""
    try:
        loss.check_targets(y, network.output_shape(network.built_shape())[-1])
    except ValueError as error:
        raise DataError(f"{name} y: {error}") from None


def check_inputs(data: ArrayDataset, name: str, network: Sequential) -> None:
    """Raise DataError unless x fits the network."""
    shape = network.built_shape()
    if data.x.shape[1:] != shape:
        expected = ", ".join(["samples", *map(str, shape)])
        raise DataError(f"{name} x: expected shape ({expected}), got {data.x.shape}")


def _checked(name: str, values: Any, dtype: DTypeLike) -> Array:
    """The values as finite numbers of the given dtype, with at least one sample."""
    given = np.asarray(values)
    if given.dtype.kind not in "biuf":  # booleans, integers, real numbers
        raise DataError(f"{name}: expected real numbers, got values of type {given.dtype}")
    with np.errstate(over="ignore"):  # too large for float32: reported below
        array = given.astype(dtype, copy=False)
    if array.ndim == 0 or len(array) == 0:
        raise DataError(f"{name}: expected at least one sample, got shape {array.shape}")
    rows = array.reshape(len(array), -1)
    finite = np.isfinite(rows).all(axis=1)
    if not finite.all():
        row = int(np.flatnonzero(~finite)[0])
        value = rows[row][~np.isfinite(rows[row])][0]
        raise DataError(
            f"{name}: expected finite numbers, got {value} in sample {row} "
            f"({np.count_nonzero(~finite)} of {len(array)} samples are affected)"
        )
    return array

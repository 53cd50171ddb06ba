"""Arithmetic with one number per feature, on rows that are long enough to be fast.

A feature map (samples, height, width, 16) plus a vector (16,) is, to NumPy, millions of rows of 16
values, and starting a row takes longer than adding it. Seen as rows of many positions side by
side, with the vector repeated as often, the same sum runs several times faster. Sums over
positions likewise: first over the long rows, then over what stands side by side.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from src.classic_nn.array_types import Array

WIDTH = 4096
"""Values in a long row, at most: 16 KiB in float32, so a few rows fit the first-level cache."""

LOOP_WIDTH = 512
"""Values in a row for a compiled loop, at most: it does not wait between rows, and a few vectors of
this length fit the first-level cache together with the row."""

BLOCK = 1 << 22
"""Values in a block: 16 MiB in float32. It bounds temporary memory; smaller blocks, which would fit
a second-level cache, were slower (benchmarks/NOTES.md)."""


def channelwise(x: Array, width: int = WIDTH) -> Array:
    """See x (..., features) as (rows, repeats * features); a view where x is contiguous.

    Args:
        x: any number of axes.
        width: values in a row, at most (unless there are more features).

    >>> channelwise(np.zeros((8, 32, 32, 16))).shape
    (32, 4096)
    """
    features = x.shape[-1]
    positions = x.size // features
    repeats = _repeats(positions, features, width)
    return x.reshape(positions // repeats, repeats * features)


@lru_cache
def _repeats(positions: int, features: int, width: int) -> int:
    """The largest divisor of the positions with which a row is no longer than the width."""
    most = max(width // features, 1)
    return next(count for count in range(most, 0, -1) if positions % count == 0)


def row_blocks(rows: Array) -> Iterator[slice]:
    """Slices of long rows, each of about BLOCK values, for formulas of several steps."""
    step = max(BLOCK // rows.shape[1], 1)
    for start in range(0, len(rows), step):
        yield slice(start, start + step)


def repeated(values: Array, rows: Array) -> Array:
    """Values (features,) as often as there are positions side by side in long rows."""
    return np.tile(values, rows.shape[1] // len(values))


def feature_sum(x: Array, out: Array | None = None) -> Array:
    """Sum over all axes but the last, (..., features) -> (features,)."""
    features = x.shape[-1]
    return np.sum(channelwise(x).sum(axis=0).reshape(-1, features), axis=0, out=out)

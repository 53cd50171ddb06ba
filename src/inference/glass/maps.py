"""The strongest maps of an operation, small enough to be shown side by side."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array

THUMB = 28
"""Largest height and width of a map among many; larger ones are shown by every so many pixels."""


def strongest_maps(y: Array, count: int, first: int = 0) -> dict[str, Any]:
    """Channels in the order of their Euclidean norms, as bytes between least and largest.

    Args:
        y: (height, width, channels), or (features,), whose numbers are given as they are.
        count: of channels or features, at most.
        first: the place in that order to begin at.

    Returns:
        "channels", their numbers in order; "total", how many there are; of maps "limits"
        (channels,) and "pictures" (channels, height, width), 0 to 255 for -limit to limit; of
        features "numbers".
    """
    if y.ndim != 3:
        flat = np.asarray(y, np.float32).reshape(-1)
        order = np.argsort(-np.abs(flat), kind="stable")[first : first + count]
        return {"channels": order, "numbers": flat[order], "total": flat.size}
    norms = np.sqrt(np.square(y, dtype=np.float64).sum(axis=(0, 1)))
    order = np.argsort(-norms, kind="stable")[first : first + count]
    steps = [-(-size // THUMB) for size in y.shape[:2]]
    small = np.asarray(y[:: steps[0], :: steps[1], order], np.float64)
    limit = np.abs(small).max(axis=(0, 1), keepdims=True)
    scaled = np.divide(small, limit, out=np.zeros_like(small), where=limit > 0)
    return {
        "channels": order,
        "limits": np.asarray(limit[0, 0], np.float32),
        "pictures": as_bytes((scaled + 1) / 2).transpose(2, 0, 1),
        "total": y.shape[2],
    }


def as_bytes(levels: Array) -> NDArray[np.uint8]:
    """From 0 to 1 as 0 to 255."""
    return np.round(255 * np.clip(levels, 0, 1)).astype(np.uint8)

"""Occlusion: what the score loses when a window of the photo is hidden (Zeiler and Fergus 2014).

    a(window) = f(x) - f(x with the window replaced by the baseline)
    a_ij      = mean over the windows that cover pixel i, j of a(window)

It needs no gradient and no look inside. What stands twice in a photo gets nothing: with one hidden,
the other still speaks.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np

from src.classic_nn.array_types import Array
from src.inference.explain.attribution import Attribution
from src.inference.explain.score import Score


def occlusion(
    score: Score, x: Array, baseline: Array, window: int = 0, stride: int = 0
) -> Attribution:
    """The heat map (height, width) of a photo (height, width, channels); or (features,).

    Args:
        score: f.
        x: the input.
        baseline: of its shape, shown in the place of what is hidden.
        window: its side in pixels, or number of features; an eighth of the longer side if 0.
        stride: from a window to the next; half a window if 0.

    Figures: ``window``, ``stride`` and ``windows``, their number.

    Raises ValueError for a window larger than the input, or a stride that leaves gaps.
    """
    sides = x.shape[:2] if x.ndim == 3 else x.shape
    window, stride = window_and_stride(sides, window, stride)
    corners = window_corners(sides, window, stride)

    def occluded(some: slice) -> Array:
        inputs = np.repeat(x[np.newaxis], len(corners[some]), axis=0)
        for hidden, corner in zip(inputs, corners[some], strict=True):
            part = _part(corner, window)
            hidden[part] = baseline[part]
        return inputs

    lost = score.of(x) - score.values(occluded, len(corners))
    total, covered = np.zeros(sides), np.zeros(sides)
    for value, corner in zip(lost.tolist(), corners, strict=True):
        total[_part(corner, window)] += value
        covered[_part(corner, window)] += 1
    figures = {"window": window, "stride": stride, "windows": len(corners)}
    return Attribution(total / covered, figures)


def window_and_stride(sides: Sequence[int], window: int, stride: int) -> tuple[int, int]:
    """Both, chosen by the sides where they are 0; ValueError for what cannot be."""
    window = window or max(min(max(sides) // 8, *sides), 1)
    stride = stride or max(window // 2, 1)
    if window > min(sides):
        raise ValueError(f"window: expected {min(sides)} or less, got {window}")
    if stride > window:
        raise ValueError(f"stride: expected {window}, the window, or less, got {stride}")
    return window, stride


def window_corners(sides: Sequence[int], window: int, stride: int) -> list[tuple[int, ...]]:
    """Where each window begins; the last ones of a row or column lie at the end.

    >>> window_corners((5,), 2, 2)
    [(0,), (2,), (3,)]
    """
    starts = [sorted({*range(0, side - window, stride), side - window}) for side in sides]
    return list(product(*starts))


def _part(corner: tuple[int, ...], window: int) -> tuple[slice, ...]:
    """The places of a window."""
    return tuple(slice(start, start + window) for start in corner)

"""Occlusion: what the score loses when a window of the photo is hidden (Zeiler and Fergus 2014).

    a(window) = f(x) - f(x with the window replaced by the baseline)
    a_ij      = mean over the windows that cover pixel i, j of a(window)

It needs no gradient and no look inside. What stands twice in a photo gets nothing: with one hidden,
the other still speaks.
"""

import numpy as np
from numpy.typing import NDArray

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
    window = window or max(max(sides) // 8, 1)
    stride = stride or max(window // 2, 1)
    if window > min(sides):
        raise ValueError(f"window: expected {min(sides)} or less, got {window}")
    if stride > window:
        raise ValueError(f"stride: expected {window}, the window, or less, got {stride}")
    hidden = np.stack([mask.ravel() for mask in windows(sides, window, stride)])

    def occluded(some: slice) -> Array:
        masks = hidden[some].reshape(-1, *sides, *[1] * (x.ndim - len(sides)))
        return np.where(masks, baseline, x).astype(x.dtype, copy=False)

    lost = score.of(x) - score.values(occluded, len(hidden))
    total = lost @ hidden  # of the windows over each pixel
    values = (total / hidden.sum(axis=0)).reshape(sides)
    return Attribution(values, {"window": window, "stride": stride, "windows": len(hidden)})


def windows(sides: tuple[int, ...], window: int, stride: int) -> list[NDArray[np.bool_]]:
    """Masks of the shape ``sides``: a window each, the last ones of a row or column at the end.

    >>> [np.flatnonzero(mask).tolist() for mask in windows((5,), 2, 2)]
    [[0, 1], [2, 3], [3, 4]]
    """
    starts = [sorted({*range(0, side - window, stride), side - window}) for side in sides]
    masks = []
    for place in np.ndindex(*map(len, starts)):
        mask = np.zeros(sides, bool)
        corner = [starts[axis][k] for axis, k in enumerate(place)]
        mask[tuple(slice(start, start + window) for start in corner)] = True
        masks.append(mask)
    return masks

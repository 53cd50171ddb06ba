"""Baselines: inputs that show nothing, from which an explanation starts.

- black: the level 0, as the network sees it; of feature vectors the number 0. What is black itself
  then gets nothing.
- mean: the photo's own mean colour; of feature vectors their mean.
- blurred: the photo without its details (Fong and Vedaldi 2017); colours stay.
- average: the mean of other photos.
"""

import numpy as np

from src.classic_nn.array_types import Array
from src.common.lookup import lookup
from src.inference.explain_settings import BASELINES

BLUR = 1 / 16
"""Standard deviation of the blur, as a fraction of the longer side."""


def make_baseline(
    name: str, x: Array, black: Array | None = None, background: Array | None = None
) -> Array:
    """A baseline of the shape of x.

    Args:
        name: one of ``BASELINES``.
        x: the input, prepared.
        black: a black photo, prepared like x; zeros if None.
        background: (photos, *shape), other inputs; for "average".

    Raises ValueError: an unknown name, or one that does not suit.
    """
    lookup("baseline", name, dict.fromkeys(BASELINES))
    if name == "black":
        return np.zeros_like(x) if black is None else black.astype(x.dtype)
    if name == "mean":
        axes = (0, 1) if x.ndim == 3 else None
        return np.broadcast_to(x.mean(axis=axes, dtype=np.float64), x.shape).astype(x.dtype)
    if name == "average":
        if background is None:
            raise ValueError("baseline average: it needs other photos (--background DATA)")
        if background.shape[1:] != x.shape:
            raise ValueError(f"background: expected (photos, {x.shape}), got {background.shape}")
        return background.mean(axis=0, dtype=np.float64).astype(x.dtype)
    return blurred(x)


def blurred(x: Array, blur: float = BLUR) -> Array:
    """A photo (height, width, channels) with a Gaussian blur; ValueError for anything else."""
    from scipy.ndimage import gaussian_filter

    if x.ndim != 3:
        raise ValueError("baseline blurred: it needs photos, and these inputs are no photos")
    sigma = blur * max(x.shape[:2])
    smooth: Array = gaussian_filter(x, sigma=(sigma, sigma, 0), mode="nearest")
    return smooth

"""The players of a Shapley game: parts of an input that are shown or hidden together.

A map of players has the shape of the photo (height, width), or of the features (features,), and
holds for each place the number of its player, from 0.

- grid: patches of equal size;
- superpixels: regions of similar colour, by hierarchical clustering of neighbouring pixels (Ward
  1963), so that their borders lie where those of things do;
- features: each feature, or as many groups of neighbours as are wanted.
"""

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array

CLUSTERED = 64
"""Pixels of the longer side of the photo that is clustered: Ward's method takes a second for it."""

PLACE = 0.5
"""Weight of a pixel's place beside its colour, so that a plain background is divided too."""

Players = NDArray[np.intp]


def grid(sides: tuple[int, int], rows: int, columns: int) -> Players:
    """Patches in rows and columns.

    >>> grid((2, 5), 1, 2)
    array([[0, 0, 0, 1, 1],
           [0, 0, 0, 1, 1]])

    Raises ValueError for more rows or columns than pixels.
    """
    if not (1 <= rows <= sides[0] and 1 <= columns <= sides[1]):
        raise ValueError(
            f"grid: expected 1 to {sides[0]} rows and 1 to {sides[1]} columns, "
            f"got {rows} x {columns}"
        )
    down = np.arange(sides[0]) * rows // sides[0]
    across = np.arange(sides[1]) * columns // sides[1]
    return down[:, np.newaxis] * columns + across


def superpixels(x: Array, count: int) -> Players:
    """Regions of a photo (height, width, channels) of similar colour.

    Args:
        x: the photo; any scale.
        count: of regions; ValueError for none, or more than pixels that are clustered.
    """
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.feature_extraction.image import grid_to_graph

    step = -(-max(x.shape[:2]) // CLUSTERED)
    small = x[::step, ::step].astype(np.float64)
    height, width, channels = small.shape
    if not 1 <= count <= height * width:
        raise ValueError(f"superpixels: expected 1 to {height * width}, got {count}")
    rows, columns = np.mgrid[:height, :width] / max(height, width)
    place = PLACE * max(float(small.std()), 1e-6) * np.sqrt(channels)
    pixels = np.dstack([small, place * rows, place * columns])
    ward = AgglomerativeClustering(
        n_clusters=count, linkage="ward", connectivity=grid_to_graph(height, width)
    )
    labels = ward.fit_predict(pixels.reshape(height * width, -1)).reshape(height, width)
    enlarged = np.repeat(np.repeat(labels, step, axis=0), step, axis=1)
    found: Players = enlarged[: x.shape[0], : x.shape[1]].astype(np.intp)
    return found


def features(count: int, groups: int = 0) -> Players:
    """Each of (features,), or that many groups of neighbours.

    >>> features(5, 2).tolist()
    [0, 0, 0, 1, 1]
    """
    groups = min(groups or count, count)
    return np.arange(count) * groups // count

"""The subject of a photo on a plain background: found by its distance in colour to the border.

Where the border of a photo has one colour (a leaf on grey paper, a thing on a white table), what
has another one is the subject. The border's colour may change slowly across the photo, as light
does: a plane c(x, y) = c0 + c1 x + c2 y is fitted to it, by least squares on the border's pixels
that fit best (a subject may reach the border). A shadow has the colour of the background and other
light, so light counts less than colour:

    light = (R + G + B) / 9,  red-green = R - G,  yellow-blue = (R + G) / 2 - B
    distance^2 = light^2 + red-green^2 + yellow-blue^2     (of the difference to the plane)

What is farther than a threshold (Otsu 1979, "A threshold selection method from gray-level
histograms"; but beyond the scatter of the border itself) is the subject: the largest such region,
and what it encloses.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array: TypeAlias = NDArray[np.floating[Any]]
"""Floating numbers."""

SIDE = 96
"""Pixels of the longer side of the photo that is looked at: masks need no more."""

BORDER = 0.05
"""Width of the border, as a fraction of the shorter side."""

FITTED = 0.6
"""Fraction of the border that is background at least."""

PLAIN = 9.0
"""Levels by which 95% of a plain border's fitted pixels differ from the plane, at most."""

LEAST, MOST = 0.04, 0.92
"""Fractions of a photo that a subject may cover."""

LOWERED = 0.7
"""Factor of Otsu's threshold, which is halfway to the subject: its edge is darker or blurred."""


def subject_mask(photo: Image.Image) -> NDArray[np.bool_] | None:
    """(height, width): where the subject is; None where the background is not plain.

    Args:
        photo: RGB.
    """
    from scipy import ndimage  # here: predicting needs no SciPy

    scale = SIDE / max(photo.size)
    size = (max(round(photo.width * scale), 1), max(round(photo.height * scale), 1))
    small = photo.convert("RGB").resize(size, Image.Resampling.BOX)
    colours = opponent_colours(np.asarray(small, np.float64))
    distance, scatter = distance_to_border(colours)
    if scatter > PLAIN:
        return None
    found = distance > max(LOWERED * otsu_threshold(distance), 2 * scatter, PLAIN / 1.5)
    regions, count = ndimage.label(ndimage.binary_opening(found))
    if not count:
        return None
    sizes = np.bincount(regions.ravel())[1:]
    mask = ndimage.binary_fill_holes(regions == 1 + sizes.argmax())
    if not LEAST <= mask.mean() <= MOST:
        return None
    whole = Image.fromarray(mask.astype(np.uint8) * 255).resize(photo.size)
    return np.asarray(whole) > 127


def opponent_colours(levels: Array) -> Array:
    """(height, width, 3) of RGB levels: light, red-green, yellow-blue."""
    red, green, blue = np.moveaxis(levels, -1, 0)
    return np.stack([(red + green + blue) / 9, red - green, (red + green) / 2 - blue], axis=-1)


def distance_to_border(colours: Array) -> tuple[Array, float]:
    """(height, width) distances from the plane through the border, and the border's scatter."""
    height, width = colours.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    side = max(round(BORDER * min(height, width)), 2)
    inner = (slice(side, max(height - side, side)), slice(side, max(width - side, side)))
    border = np.ones((height, width), bool)
    border[inner] = False
    places = np.stack([np.ones_like(x), x / width, y / height], axis=-1).astype(np.float64)
    distance = np.linalg.norm(colours - np.median(colours[border], axis=0), axis=-1)
    for _ in range(4):  # what fits is fitted anew
        fits = border & (distance <= max(np.quantile(distance[border], FITTED), 1.0))
        plane, *_ = np.linalg.lstsq(places[fits], colours[fits], rcond=None)
        distance = np.linalg.norm(colours - places @ plane, axis=-1)
    return distance, float(np.quantile(distance[fits], 0.95))


def otsu_threshold(values: Array) -> float:
    """Between two groups of values, where the variance between them is largest."""
    counts, edges = np.histogram(values, 64)
    centers = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts) / counts.sum()
    mean = np.cumsum(counts * centers) / counts.sum()
    between = (mean[-1] * below - mean) ** 2 / np.maximum(below * (1 - below), 1e-12)
    return float(centers[between.argmax()])

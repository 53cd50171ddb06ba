"""TrivialAugment: one random change of random strength for each image, nothing to tune.

Mueller and Hutter, "TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation", 2021: the
"wide" set of changes and strengths (table 5), as torchvision has them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from src.load.transforms.base import Transform, check_interpolation
from src.load.transforms.color import (
    adjust_brightness,
    adjust_contrast,
    adjust_saturation,
    adjust_sharpness,
)
from src.load.transforms.geometry import affine, rotate

Fill = int | tuple[int, ...]
Change = Callable[[Image.Image, float, str, Fill], Image.Image]
"""From image, strength, interpolation and fill to an image."""


@dataclass(frozen=True)
class TrivialAugmentWide(Transform):
    """One of fourteen changes, drawn uniformly, of a strength drawn uniformly from its bins.

    Args:
        num_magnitude_bins: strengths of each change.
        interpolation: nearest, bilinear or bicubic, where pixels move.
        fill: colour of what comes from outside: a number for every channel, or one each.
    """

    num_magnitude_bins: int = 31
    interpolation: str = "nearest"
    fill: Fill = 0
    random: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.num_magnitude_bins < 2:
            raise ValueError(
                f"num_magnitude_bins: expected 2 or more, got {self.num_magnitude_bins!r}"
            )
        check_interpolation(self.interpolation)

    def __call__(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The changed image."""
        name = list(CHANGES)[rng.integers(len(CHANGES))]
        bins = strengths(name, self.num_magnitude_bins)
        strength = float(bins[rng.integers(len(bins))])
        if name in EITHER_WAY and rng.random() < 0.5:
            strength = -strength
        return CHANGES[name](image, strength, self.interpolation, self.fill)


def strengths(name: str, bins: int) -> NDArray[np.float64]:
    """(bins,): the strengths of a change, from the weakest; zeros where it has none."""
    if name == "posterize":  # bits that stay
        return np.round(8 - np.arange(bins) / ((bins - 1) / 6))
    if name == "solarize":  # grey level from which on colours are inverted
        return np.linspace(255.0, 0.0, bins)
    return np.linspace(0.0, STRONGEST.get(name, 0.0), bins)


STRONGEST = {
    **{"shear_x": 0.99, "shear_y": 0.99},  # tangent of the angle
    **{"translate_x": 32.0, "translate_y": 32.0},  # pixels
    "rotate": 135.0,  # degrees
    **{"brightness": 0.99, "color": 0.99, "contrast": 0.99, "sharpness": 0.99},  # more or less
}
"""The largest strength of changes that grow from nothing."""

EITHER_WAY = frozenset(STRONGEST)
"""Changes whose strength may be negative."""


def _shear_x(image: Image.Image, tangent: float, interpolation: str, fill: Fill) -> Image.Image:
    lean = (math.degrees(math.atan(tangent)), 0.0)
    return affine(image, shear=lean, interpolation=interpolation, fill=fill, center=(0, 0))


def _shear_y(image: Image.Image, tangent: float, interpolation: str, fill: Fill) -> Image.Image:
    lean = (0.0, math.degrees(math.atan(tangent)))
    return affine(image, shear=lean, interpolation=interpolation, fill=fill, center=(0, 0))


CHANGES: dict[str, Change] = {
    "identity": lambda image, strength, interpolation, fill: image,
    "shear_x": _shear_x,
    "shear_y": _shear_y,
    "translate_x": lambda image, pixels, interpolation, fill: affine(
        image, translate=(int(pixels), 0), interpolation=interpolation, fill=fill
    ),
    "translate_y": lambda image, pixels, interpolation, fill: affine(
        image, translate=(0, int(pixels)), interpolation=interpolation, fill=fill
    ),
    "rotate": lambda image, angle, interpolation, fill: rotate(image, angle, interpolation, fill),
    "brightness": lambda image, more, interpolation, fill: adjust_brightness(image, 1 + more),
    "color": lambda image, more, interpolation, fill: adjust_saturation(image, 1 + more),
    "contrast": lambda image, more, interpolation, fill: adjust_contrast(image, 1 + more),
    "sharpness": lambda image, more, interpolation, fill: adjust_sharpness(image, 1 + more),
    "posterize": lambda image, bits, interpolation, fill: ImageOps.posterize(image, int(bits)),
    "solarize": lambda image, level, interpolation, fill: ImageOps.solarize(
        image, math.ceil(level)
    ),
    "auto_contrast": lambda image, strength, interpolation, fill: ImageOps.autocontrast(image),
    "equalize": lambda image, strength, interpolation, fill: ImageOps.equalize(image),
}
"""The changes by name, in the paper's order."""

"""Transforms that change colours and leave pixels in their places."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image, ImageEnhance

from src.load.transforms.base import Transform

GREY_WEIGHTS = (0.2989, 0.5870, 0.1140)
"""Of red, green and blue in a grey level (ITU-R BT.601, as MATLAB's rgb2gray rounds them)."""


@dataclass(frozen=True)
class ColorJitter(Transform):
    """Change brightness, contrast, saturation and hue by random amounts, in random order.

    Args:
        brightness, contrast, saturation: factors are drawn from max(0, 1 - amount) to
            1 + amount, or from (least, most). 1 changes nothing; 0 is black, grey, colourless.
        hue: rotated around the colour circle by up to this fraction of it, either way, at most 0.5;
            or (least, most).
    """

    brightness: float | tuple[float, float] = 0.0
    contrast: float | tuple[float, float] = 0.0
    saturation: float | tuple[float, float] = 0.0
    hue: float | tuple[float, float] = 0.0
    random: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for name in ("brightness", "contrast", "saturation", "hue"):
            self._limits(name)

    def __call__(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The image in other colours."""
        for name in rng.permutation(list(ADJUSTMENTS)):
            least, most = self._limits(str(name))
            amount = rng.uniform(least, most)
            if not least == most == NEUTRAL[str(name)]:
                image = ADJUSTMENTS[str(name)](image, amount)
        return image

    def _limits(self, name: str) -> tuple[float, float]:
        value, neutral = getattr(self, name), NEUTRAL[name]
        if isinstance(value, int | float):
            least, most = neutral - value, neutral + value
            least = max(least, 0.0) if name != "hue" else least
            fits = value >= 0
        else:
            least, most = value
            fits = least <= most
        low, high = (-0.5, 0.5) if name == "hue" else (0.0, np.inf)
        if not (fits and low <= least <= most <= high):
            allowed = "0 to 0.5" if name == "hue" else "0 or more"
            raise ValueError(f"{name}: expected {allowed}, or (least, most), got {value!r}")
        return float(least), float(most)


@dataclass(frozen=True)
class Grayscale(Transform):
    """0.2989 R + 0.5870 G + 0.1140 B, rounded.

    Args:
        channels: 1, or 3 equal ones.
    """

    channels: int = 1
    keeps_bytes: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.channels not in (1, 3):
            raise ValueError(f"channels: expected 1 or 3, got {self.channels!r}")

    def __call__(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The grey image."""
        if image.mode == "RGB":
            # Pillow adds a half and cuts off, so this rounds
            image = image.convert("L", (*GREY_WEIGHTS, 0.0))
        return image if self.channels == 1 else Image.merge("RGB", (image, image, image))


def adjust_brightness(image: Image.Image, factor: float) -> Image.Image:
    """0 is black, 1 the image, above 1 brighter."""
    return ImageEnhance.Brightness(image).enhance(factor)


def adjust_contrast(image: Image.Image, factor: float) -> Image.Image:
    """0 is the image's mean grey, 1 the image, above 1 more contrast."""
    return ImageEnhance.Contrast(image).enhance(factor)


def adjust_saturation(image: Image.Image, factor: float) -> Image.Image:
    """0 is the grey image, 1 the image, above 1 more colourful."""
    return ImageEnhance.Color(image).enhance(factor)


def adjust_sharpness(image: Image.Image, factor: float) -> Image.Image:
    """0 is the smoothed image, 1 the image, above 1 sharper."""
    return ImageEnhance.Sharpness(image).enhance(factor)


def adjust_hue(image: Image.Image, fraction: float) -> Image.Image:
    """Rotate every colour around the colour circle by a fraction of it, from -0.5 to 0.5.

    Pillow keeps the hue in 8 bits: steps are of 1 / 256 of the circle. Grey has no hue.
    """
    if image.mode == "L":
        return image
    hue, saturation, value = image.convert("HSV").split()
    step = int(fraction * 255)
    hue = hue.point([(k + step) % 256 for k in range(256)])
    return Image.merge("HSV", (hue, saturation, value)).convert(image.mode)


ADJUSTMENTS: dict[str, Callable[[Image.Image, float], Image.Image]] = {
    "brightness": adjust_brightness,
    "contrast": adjust_contrast,
    "saturation": adjust_saturation,
    "hue": adjust_hue,
}
"""What ``ColorJitter`` does, by the names of its settings."""

NEUTRAL = {"brightness": 1.0, "contrast": 1.0, "saturation": 1.0, "hue": 0.0}
"""Amounts that change nothing."""

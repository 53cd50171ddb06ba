"""Transforms that move pixels: flips, rotation, and every affine map.

Pillow asks for each output pixel where it comes from. So the functions build the inverse of the map

    M = T C R(angle) S(scale) Shear_y Shear_x C^-1

with T the translation and C the translation of the origin to the center: first shear, then scale
and rotate around the center, then shift. Angles are in degrees.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image

from src.load.transforms.base import (
    INTERPOLATION,
    Transform,
    channel_fill,
    check_interpolation,
    check_probability,
    check_range,
)


@dataclass(frozen=True)
class RandomFlip(Transform):
    """Flip, with probability p, in the direction of the subclass."""

    p: float = 0.5
    random: ClassVar[bool] = True
    direction: ClassVar[Image.Transpose]

    def __post_init__(self) -> None:
        check_probability(self.p)

    def __call__(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The image or its mirror image."""
        return image.transpose(self.direction) if rng.random() < self.p else image


class RandomHorizontalFlip(RandomFlip):
    """Exchange left and right, with probability p."""

    direction = Image.Transpose.FLIP_LEFT_RIGHT


class RandomVerticalFlip(RandomFlip):
    """Exchange top and bottom, with probability p."""

    direction = Image.Transpose.FLIP_TOP_BOTTOM


@dataclass(frozen=True)
class RandomRotation(Transform):
    """Turn around the center by a random angle; what comes from outside has the colour ``fill``.

    Args:
        degrees: largest angle, either way; or (least, most). Positive is counterclockwise.
        interpolation: nearest, bilinear or bicubic.
        fill: a number for every channel, or one each.
    """

    degrees: float | tuple[float, float]
    interpolation: str = "nearest"
    fill: int | tuple[int, ...] = 0
    random: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_range("degrees", self.degrees)
        check_interpolation(self.interpolation)

    def __call__(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The rotated image, of the same size."""
        angle = rng.uniform(*check_range("degrees", self.degrees))
        return rotate(image, angle, self.interpolation, self.fill)


@dataclass(frozen=True)
class RandomAffine(Transform):
    """Turn, shift, zoom and shear by random amounts, around the center.

    Args:
        degrees: largest angle, either way; or (least, most). Positive is clockwise here, as in
            torchvision.
        translate: largest shift, as fractions of width and height.
        scale: least and most zoom; above 1 is larger.
        shear: largest angle by which vertical lines lean, either way; or (least, most); or four
            numbers, the last two for horizontal lines.
        interpolation: nearest, bilinear or bicubic.
        fill: colour of what comes from outside: a number for every channel, or one each.
    """

    degrees: float | tuple[float, float]
    translate: tuple[float, float] = (0.0, 0.0)
    scale: tuple[float, float] = (1.0, 1.0)
    shear: float | tuple[float, ...] = 0.0
    interpolation: str = "nearest"
    fill: int | tuple[int, ...] = 0
    random: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_range("degrees", self.degrees)
        self._shears()
        check_interpolation(self.interpolation)
        if len(self.translate) != 2 or not all(0 <= fraction <= 1 for fraction in self.translate):
            raise ValueError(
                f"translate: expected two fractions from 0 to 1, got {self.translate!r}"
            )
        least, most = self.scale
        if not 0 < least <= most < math.inf:
            raise ValueError(f"scale: expected 0 < least <= most, got {self.scale!r}")

    def __call__(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The moved image, of the same size."""
        across, down = self.translate[0] * image.width, self.translate[1] * image.height
        horizontal, vertical = self._shears()
        return affine(
            image,
            angle=rng.uniform(*check_range("degrees", self.degrees)),
            translate=(round(rng.uniform(-across, across)), round(rng.uniform(-down, down))),
            scale=rng.uniform(*self.scale),
            shear=(rng.uniform(*horizontal), rng.uniform(*vertical)),
            interpolation=self.interpolation,
            fill=self.fill,
        )

    def _shears(self) -> tuple[tuple[float, float], tuple[float, float]]:
        if isinstance(self.shear, tuple) and len(self.shear) == 4:
            return check_range("shear", self.shear[:2]), check_range("shear", self.shear[2:])
        if isinstance(self.shear, tuple) and len(self.shear) != 2:
            raise ValueError(f"shear: expected 1, 2 or 4 numbers, got {self.shear!r}")
        return check_range("shear", self.shear), (0.0, 0.0)


def rotate(
    image: Image.Image,
    angle: float,
    interpolation: str = "nearest",
    fill: int | tuple[int, ...] = 0,
) -> Image.Image:
    """Turn counterclockwise by an angle in degrees, around the center, at the same size."""
    colour = channel_fill(image, fill)
    return image.rotate(angle, INTERPOLATION[interpolation], fillcolor=colour)


def affine(
    image: Image.Image,
    angle: float = 0.0,
    translate: tuple[float, float] = (0, 0),
    scale: float = 1.0,
    shear: tuple[float, float] = (0.0, 0.0),
    interpolation: str = "nearest",
    fill: int | tuple[int, ...] = 0,
    center: tuple[float, float] | None = None,
) -> Image.Image:
    """Shear, zoom, rotate (clockwise, degrees) around the center, and shift (pixels), at once."""
    matrix = inverse_matrix(
        center or (image.width / 2, image.height / 2), angle, translate, scale, shear
    )
    return image.transform(
        image.size,
        Image.Transform.AFFINE,
        matrix,
        INTERPOLATION[interpolation],
        fillcolor=channel_fill(image, fill),
    )


def inverse_matrix(
    center: tuple[float, float],
    angle: float,
    translate: tuple[float, float],
    scale: float,
    shear: tuple[float, float],
) -> tuple[float, ...]:
    """(a, b, c, d, e, f): the output pixel (x, y) comes from (a x + b y + c, d x + e y + f)."""
    angle, lean_x, lean_y = (math.radians(degrees) for degrees in (angle, *shear))
    rotation = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    shear_y = np.array([[1, 0], [-math.tan(lean_y), 1]])
    shear_x = np.array([[1, -math.tan(lean_x)], [0, 1]])
    inverse = np.linalg.inv(scale * rotation @ shear_y @ shear_x)
    offset = np.array(center) - inverse @ (np.array(center) + translate)
    return (*inverse[0], offset[0], *inverse[1], offset[1])

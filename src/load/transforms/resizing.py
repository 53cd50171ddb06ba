"""Transforms that change the size: resize, crop, pad."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image, ImageOps

from src.load.transforms.base import (
    INTERPOLATION,
    Transform,
    channel_fill,
    check_interpolation,
    check_probability,
    check_size,
)


@dataclass(frozen=True)
class Resize(Transform):
    """Resize with Pillow's filters, which look at all pixels that they bring together.

    Args:
        size: (height, width); or one number for the shorter side, the longer one in proportion
            (its fraction of a pixel cut off, as in torchvision).
        interpolation: nearest, bilinear, bicubic or lanczos.
    """

    size: int | tuple[int, int]
    interpolation: str = "bilinear"
    keeps_bytes: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", check_size(self.size))
        check_interpolation(self.interpolation)

    def __call__(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The resized image."""
        height, width = _resized(self.size, image)
        if (width, height) == image.size:
            return image
        return image.resize((width, height), INTERPOLATION[self.interpolation])


@dataclass(frozen=True)
class CenterCrop(Transform):
    """Cut out the middle; an image that is too small is first padded with black.

    Args:
        size: (height, width), or one number for both.
    """

    size: int | tuple[int, int]
    keeps_bytes: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", check_size(self.size))

    def __call__(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The middle of the image."""
        height, width = _both(self.size)
        wide, high = max(width - image.width, 0), max(height - image.height, 0)
        if wide or high:
            padding = (wide // 2, high // 2, (wide + 1) // 2, (high + 1) // 2)
            image = ImageOps.expand(image, padding, channel_fill(image, 0))
        # round() goes to the even number, as in torchvision
        top = round((image.height - height) / 2)
        left = round((image.width - width) / 2)
        return image.crop((left, top, left + width, top + height))


@dataclass(frozen=True)
class RandomResizedCrop(Transform):
    """Cut out a random part and resize it (Szegedy et al. 2015, section 6).

    Args:
        size: (height, width), or one number for both.
        scale: least and most fraction of the image's area that the part has.
        ratio: least and most width / height of the part, drawn uniformly on a logarithmic scale.
        interpolation: nearest, bilinear, bicubic or lanczos.

    A part that does not fit is drawn again; after ten times the middle is taken, with the nearest
    ratio that is allowed.
    """

    size: int | tuple[int, int]
    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    interpolation: str = "bilinear"
    random: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", check_size(self.size))
        check_interpolation(self.interpolation)
        for name, (least, most) in (("scale", self.scale), ("ratio", self.ratio)):
            if not 0 < least <= most < math.inf:
                raise ValueError(f"{name}: expected 0 < least <= most, got {(least, most)}")

    def __call__(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The resized part."""
        left, top, width, height = self.draw(image, rng)
        part = image.crop((left, top, left + width, top + height))
        rows, columns = _both(self.size)
        return part.resize((columns, rows), INTERPOLATION[self.interpolation])

    def draw(self, image: Image.Image, rng: np.random.Generator) -> tuple[int, int, int, int]:
        """Left, top, width and height of a part of the image."""
        area = image.width * image.height
        for _ in range(10):
            target = area * rng.uniform(*self.scale)
            ratio = math.exp(rng.uniform(math.log(self.ratio[0]), math.log(self.ratio[1])))
            width, height = round(math.sqrt(target * ratio)), round(math.sqrt(target / ratio))
            if 0 < width <= image.width and 0 < height <= image.height:
                left = int(rng.integers(image.width - width + 1))
                top = int(rng.integers(image.height - height + 1))
                return left, top, width, height
        width, height = image.size
        if width / height < self.ratio[0]:
            height = max(round(width / self.ratio[0]), 1)
        elif width / height > self.ratio[1]:
            width = max(round(height * self.ratio[1]), 1)
        return (image.width - width) // 2, (image.height - height) // 2, width, height


@dataclass(frozen=True)
class RandomDownscale(Transform):
    """Make smaller by a random factor and large again, with probability p: sharpness says nothing.

    Where the photos of one class come from small files and those of another from large ones, a
    network tells them by their blur.

    Args:
        scale: least and most size, drawn uniformly on a logarithmic scale.
        p: probability of a change.
    """

    scale: tuple[float, float] = (0.25, 1.0)
    p: float = 0.5
    random: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_probability(self.p)
        least, most = self.scale
        if not 0 < least <= most <= 1:
            raise ValueError(f"scale: expected 0 < least <= most <= 1, got {self.scale!r}")

    def __call__(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The image, or a blurred one, of the same size."""
        if rng.random() >= self.p:
            return image
        scale = math.exp(rng.uniform(math.log(self.scale[0]), math.log(self.scale[1])))
        size = (max(round(image.width * scale), 1), max(round(image.height * scale), 1))
        small = image.resize(size, Image.Resampling.BILINEAR)
        return small.resize(image.size, Image.Resampling.BILINEAR)


@dataclass(frozen=True)
class PadToSquare(Transform):
    """Pad the shorter sides, so that a later ``Resize`` keeps the proportions.

    Args:
        fill: colour of the padding: a number for every channel, or one each.
    """

    fill: int | tuple[int, ...] = 0
    keeps_bytes: ClassVar[bool] = True

    def __call__(self, image: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The image in the middle of a square."""
        side = max(image.size)
        if image.width == image.height:
            return image
        square = Image.new(image.mode, (side, side), channel_fill(image, self.fill))
        square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
        return square


def _resized(size: int | tuple[int, int], image: Image.Image) -> tuple[int, int]:
    """Height and width that ``Resize`` gives an image; no side shrinks to nothing."""
    if not isinstance(size, int):
        return size
    if image.width <= image.height:
        return max(int(size * image.height / image.width), 1), size
    return size, max(int(size * image.width / image.height), 1)


def _both(size: int | tuple[int, int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size

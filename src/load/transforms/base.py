"""What a transform is, and several in a row.

A transform takes an image and a random generator and returns a new image. The generator is an
argument, not a state: the same image with the same generator gives the same result, whichever
thread asks for it. Transforms that draw nothing have ``random = False``; their results can be kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture: TypeAlias = Image.Image | NDArray[Any]
"""A Pillow image (RGB or L, 8 bits), or an array (height, width, channels) after ``ToFloat``."""

INTERPOLATION = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "box": Image.Resampling.BOX,
}
"""Pillow's filters by the names that torchvision has for them."""


class Transform:
    """From an image to an image.

    Attributes:
        random: whether it draws from the generator.
        keeps_bytes: whether it makes a Pillow image of a Pillow image, and always the same one.
    """

    random: ClassVar[bool] = False
    keeps_bytes: ClassVar[bool] = False

    def __call__(self, image: Any, rng: np.random.Generator) -> Any:
        """The changed image; the given one stays as it is."""
        raise NotImplementedError

    def settings(self) -> dict[str, Any]:
        """What it was made with, as plain values."""
        return {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]


@dataclass(frozen=True)
class Compose(Transform):
    """Transforms one after the other.

    >>> from src.load.transforms import Resize, ToFloat
    >>> pipeline = Compose([Resize((4, 6)), ToFloat()])
    >>> pipeline(Image.new("RGB", (20, 10), "white"), np.random.default_rng(0)).shape
    (4, 6, 3)
    """

    transforms: Sequence[Transform]

    def __post_init__(self) -> None:
        for transform in self.transforms:
            if not callable(transform):
                raise TypeError(f"Compose: expected transforms, got {transform!r}")
        object.__setattr__(self, "transforms", tuple(self.transforms))

    def __call__(self, image: Any, rng: np.random.Generator) -> Any:
        """Apply all, in order."""
        for transform in self.transforms:
            image = transform(image, rng)
        return image

    def fixed_and_rest(self) -> tuple["Compose", "Compose"]:
        """The first transforms, as long as they keep bytes, and all others.

        What the first part makes of an image never changes, so it can be kept.
        """
        count = 0
        for transform in self.transforms:
            if not transform.keeps_bytes:
                break
            count += 1
        return Compose(self.transforms[:count]), Compose(self.transforms[count:])


def as_compose(transform: Transform) -> Compose:
    """The transform itself if it is a ``Compose``, else one with it alone."""
    return transform if isinstance(transform, Compose) else Compose([transform])


def check_range(name: str, value: float | tuple[float, float]) -> tuple[float, float]:
    """(-value, value) for a number, or the given (least, most).

    Raises ValueError for a negative number, or a pair that does not ascend.
    """
    least, most = (-value, value) if isinstance(value, int | float) else value
    if not -np.inf < least <= most < np.inf:
        raise ValueError(f"{name}: expected a number of 0 or more, or (least, most), got {value!r}")
    return float(least), float(most)


def check_size(size: int | tuple[int, int]) -> int | tuple[int, int]:
    """The size again, if it is a positive whole number or a pair (height, width) of such.

    Raises ValueError else.
    """
    sides = size if isinstance(size, Sequence) else (size,)
    whole = all(isinstance(side, int | np.integer) and side > 0 for side in sides)
    if not whole or len(sides) not in (1, 2):
        raise ValueError(f"size: expected a whole number or (height, width), got {size!r}")
    return (int(sides[0]), int(sides[1])) if len(sides) == 2 else int(sides[0])


def check_interpolation(name: str) -> None:
    """Raise ValueError for a name that is not in ``INTERPOLATION``."""
    if name not in INTERPOLATION:
        known = ", ".join(INTERPOLATION)
        raise ValueError(f"interpolation: expected one of {known}, got {name!r}")


def check_probability(p: float) -> None:
    """Raise ValueError unless 0 <= p <= 1."""
    if not 0 <= p <= 1:
        raise ValueError(f"p: expected a probability from 0 to 1, got {p!r}")


def channel_fill(image: Image.Image, fill: int | tuple[int, ...]) -> int | tuple[int, ...]:
    """A colour for every channel of the image: a number stands for all of them."""
    bands = len(image.getbands())
    if isinstance(fill, int):
        return fill if bands == 1 else (fill,) * bands
    if len(fill) != bands:
        raise ValueError(f"fill: expected a number or {bands} of them for this image, got {fill!r}")
    return fill[0] if bands == 1 else tuple(fill)

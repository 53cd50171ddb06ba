"""From a Pillow image to the numbers that a network sees."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.load.transforms.base import Picture, Transform


@dataclass(frozen=True)
class ToFloat(Transform):
    """(height, width, channels), float32: 8-bit levels divided by 255; floats as they are."""

    def __call__(self, image: Picture, rng: np.random.Generator) -> NDArray[np.float32]:
        """The image as an array."""
        array = np.asarray(image)
        if array.ndim == 2:
            array = array[..., np.newaxis]
        if array.dtype == np.uint8:
            return np.divide(array, np.float32(255), dtype=np.float32)
        if array.dtype.kind != "f":
            raise ValueError(f"ToFloat: expected 8-bit or floating levels, got {array.dtype}")
        return array.astype(np.float32, copy=False)


@dataclass(frozen=True)
class Normalize(Transform):
    """(x - mean) / std for every channel; comes after ``ToFloat``.

    Args:
        mean, std: one number per channel, in the units of x.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", tuple(map(float, self.mean)))
        object.__setattr__(self, "std", tuple(map(float, self.std)))
        if len(self.mean) != len(self.std) or not all(value > 0 for value in self.std):
            raise ValueError(
                "Normalize: expected as many means as standard deviations, these above 0; got "
                f"mean {self.mean}, std {self.std}"
            )

    def __call__(self, image: NDArray[Any], rng: np.random.Generator) -> NDArray[np.float32]:
        """The normalized array."""
        if not isinstance(image, np.ndarray) or image.dtype.kind != "f":
            raise ValueError("Normalize: expected floating levels; put ToFloat() before it")
        if image.ndim != 3 or image.shape[2] != len(self.mean):
            raise ValueError(
                f"Normalize: expected (height, width, {len(self.mean)}), got {image.shape}"
            )
        # rows of all columns' channels: NumPy is slow along an axis of three
        height, width, _ = image.shape
        rows = image.reshape(height, -1) - np.tile(np.array(self.mean, np.float32), width)
        rows /= np.tile(np.array(self.std, np.float32), width)
        return rows.reshape(image.shape)


@dataclass(frozen=True)
class ReverseChannels(Transform):
    """R, G, B to B, G, R; comes after ``ToFloat``."""

    def __call__(self, image: NDArray[Any], rng: np.random.Generator) -> NDArray[np.float32]:
        """The same levels, in the other order."""
        if not isinstance(image, np.ndarray) or image.ndim != 3:
            raise ValueError("ReverseChannels: expected floating levels; put ToFloat() before it")
        return image[..., ::-1]

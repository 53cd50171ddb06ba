"""What people hand over as images: paths, pictures of Pillow, arrays."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from src.load.errors import UnreadableDataError
from src.load.images import as_rgb, decode_image, open_image
from src.load.transforms.base import Picture

CHANNELS = (1, 3, 4)
"""Lengths of the last axis of an image: grey, RGB, RGB and transparency."""


def opened(
    image: Any, input_shape: Sequence[int], white: int | None = None, largest: float = np.inf
) -> Picture:
    """A path, the content of a file, a Pillow image or an array as a picture.

    Args:
        image: one of these; floats are taken to be prepared as the network wants them.
        input_shape: of a sample, for messages.
        white: see ``open_image``.
        largest: the largest number that an image becomes; floats far above it are levels of 0 to
            255 that nobody has prepared.

    Raises UnreadableDataError where it is none.
    """
    if isinstance(image, UnreadableDataError):
        raise image
    if isinstance(image, str | Path):
        return open_image(image, white)
    if isinstance(image, bytes | bytearray):
        return decode_image(bytes(image), "bytes", white)
    if isinstance(image, Image.Image):
        try:
            return as_rgb(image, white) if image.mode != "L" else image
        except ValueError as error:
            raise UnreadableDataError(f"a picture cannot be used: {error}") from None
    array = np.asarray(image)
    if array.dtype.kind == "f":
        return _prepared(array, largest)
    if array.dtype != np.uint8:
        raise UnreadableDataError(
            f"expected 8-bit levels, or floats that are prepared, got an array of {array.dtype}"
        )
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in CHANNELS):
        raise UnreadableDataError(_expected(input_shape, array.shape))
    plain = array[..., 0] if array.shape[2:] == (1,) else array
    return opened(Image.fromarray(np.ascontiguousarray(plain)), input_shape, white)


def _prepared(array: NDArray[Any], largest: float) -> NDArray[Any]:
    if not np.isfinite(array).all():
        raise UnreadableDataError("an array with values that are not finite is no input")
    if array.size and np.abs(array).max() > 2 * largest:
        raise UnreadableDataError(
            f"floats are taken to be prepared, up to {largest:.3g}, and these reach "
            f"{array.max():g}: give levels from 0 to 255 as 8-bit integers (astype(np.uint8))"
        )
    return array


def several(images: Any, input_shape: Sequence[int]) -> Sequence[Any]:
    """One image, or several, as a list.

    Of an array (height, width) and (height, width, channels) are one image, (samples, height,
    width) and (samples, height, width, channels) are several; for networks that take no images,
    an array with as many axes as an input is one.

    Args:
        images: what ``opened`` takes, or several of it.
        input_shape: of a sample.

    Raises TypeError where it is nothing of this kind.
    """
    if isinstance(images, str | Path | bytes | bytearray | Image.Image):
        return [images]
    if isinstance(images, list | tuple) and images and _is_numbers(images[0]):
        images = np.asarray(images)
    if isinstance(images, np.ndarray):
        return _several_of_array(images, tuple(input_shape))
    if not isinstance(images, Iterable):
        raise TypeError(f"expected images, paths or arrays, got {type(images).__name__}")
    return list(images)


def _is_numbers(value: Any) -> bool:
    """Whether a value is a number, or a list of numbers at any depth."""
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return isinstance(value, int | float | np.number)


def _several_of_array(array: NDArray[Any], input_shape: tuple[int, ...]) -> Sequence[Any]:
    if len(input_shape) != 3:
        return [array] if array.ndim <= len(input_shape) else list(array)
    size = int(np.prod(input_shape[:2]))
    flat = array.ndim == 2 and {*array.shape} & {size, 3 * size} and {*array.shape} != {size}
    if array.ndim == 2 and not flat:
        return [array]
    if array.ndim == 3:
        if array.shape == input_shape or (array.shape[2] in CHANNELS and array.shape[0] > 1):
            return [array]
        if array.shape[2] > max(CHANNELS) and (array.shape[0] != 3 or input_shape[2] == 1):
            return list(array)
    if array.ndim == 4 and array.shape[3] in CHANNELS:
        return list(array)
    return [UnreadableDataError(_expected(input_shape, array.shape))]


def _expected(input_shape: Sequence[int], got: Sequence[int]) -> str:
    """What shape was expected."""
    if len(input_shape) != 3:
        return f"expected an input of shape {tuple(input_shape)}, got {tuple(got)}"
    height, width, channels = input_shape
    text = (
        f"expected an image (height, width) or (height, width, channels), such as "
        f"{(height, width)} or {(height, width, channels)}, or several (samples, height, width, "
        f"channels), got {tuple(got)}"
    )
    first = len(got) in (3, 4) and got[-3] in CHANNELS
    return (
        f"{text}; channels come last: np.moveaxis(x, -3, -1), or x[..., None] for grey images"
        if first
        else text
    )


def name_of(image: Any, number: int) -> str:
    """Of a file its path; of a picture what it says, or its number."""
    if isinstance(image, str | Path):
        return str(image)
    info = getattr(image, "info", {})
    return str(info.get("name") or getattr(image, "filename", "") or f"[{number}]")

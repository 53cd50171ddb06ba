"""What people hand over as images: paths, pictures of Pillow, arrays."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from src.load.errors import UnreadableDataError
from src.load.images import as_rgb, open_image
from src.load.transforms.base import Picture


def opened(image: Any) -> Picture:
    """A path, a Pillow image or an array as a picture."""
    if isinstance(image, str | Path):
        return open_image(image)
    if isinstance(image, Image.Image):
        return as_rgb(image) if image.mode != "L" else image
    array = np.asarray(image)
    if array.dtype.kind == "f":
        if not np.isfinite(array).all():
            raise UnreadableDataError("an array with values that are not finite is no input")
        return array
    if array.dtype != np.uint8:
        raise UnreadableDataError(
            f"expected 8-bit levels, or floats that are prepared, got an array of {array.dtype}"
        )
    try:
        return opened(Image.fromarray(array[..., 0] if array.shape[2:] == (1,) else array))
    except (TypeError, ValueError) as error:
        raise UnreadableDataError(f"an array of shape {array.shape} is no image: {error}") from None


def several(images: Any, axes: int) -> Sequence[Any]:
    """One image as a list of one; an array is one if it has no more axes than an input."""
    if isinstance(images, str | Path | Image.Image):
        return [images]
    if isinstance(images, np.ndarray) and images.ndim <= axes:
        return [images]
    return list(images)


def name_of(image: Any, number: int) -> str:
    """Of a file its path; of a picture what it says, or its number."""
    if isinstance(image, str | Path):
        return str(image)
    info = getattr(image, "info", {})
    return str(info.get("name") or getattr(image, "filename", "") or f"[{number}]")

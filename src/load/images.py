"""Opening an image file: whatever its kind, the result is RGB with 8 bits, the right way up."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from src.load.errors import UnreadableDataError

EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
"""Of image files, in lower case."""

SIXTEEN_BITS = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})
"""Pillow's modes for grey levels of 0 to 65,535."""


def open_image(path: str | Path) -> Image.Image:
    """Read and decode an image file.

    The orientation that EXIF tells is applied, transparency is put on white, grey and palette
    images become RGB, and of 16 bits the upper 8 are taken. What the file is, its content tells,
    not its name. Of several frames the first is taken.

    Returns:
        An RGB image of 8 bits a channel.

    Raises:
        UnreadableDataError: missing, empty, damaged, cut short, no image, or of more pixels than
            ``PIL.Image.MAX_IMAGE_PIXELS`` (a small file can hold an image that fills the memory).
    """
    path = Path(path)
    try:
        if path.stat().st_size == 0:
            raise UnreadableDataError(f"{path}: is empty")
        with Image.open(path) as file:
            _check_pixels(path, file)
            image = ImageOps.exif_transpose(file)
            return as_rgb(image)
    except UnreadableDataError:
        raise
    except UnidentifiedImageError:
        raise UnreadableDataError(f"{path}: is no image of a known format") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadableDataError(f"{path}: {error}") from None
    except MemoryError:
        raise
    except Exception as error:  # decoders of damaged files raise whatever they stumble over
        cause = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UnreadableDataError(f"{path}: cannot be read ({cause})") from None


def as_rgb(image: Image.Image) -> Image.Image:
    """Any image as RGB with 8 bits; transparency becomes white."""
    if image.mode in SIXTEEN_BITS:
        levels = np.clip(np.asarray(image), 0, 65535)
        return Image.fromarray((levels >> 8).astype(np.uint8)).convert("RGB")
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        on_white = Image.new("RGBA", image.size, "white")
        on_white.alpha_composite(image.convert("RGBA"))
        return on_white.convert("RGB")
    return image.convert("RGB")


def _check_pixels(path: Path, image: Image.Image) -> None:
    limit, pixels = Image.MAX_IMAGE_PIXELS, image.width * image.height
    if limit is not None and pixels > limit:
        raise UnreadableDataError(
            f"{path}: {image.width} x {image.height} pixels are more than the {limit:,} that are "
            "allowed; if the file can be trusted, raise PIL.Image.MAX_IMAGE_PIXELS"
        )

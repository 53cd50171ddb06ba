"""Opening an image file: whatever its kind, the result is RGB with 8 bits, the right way up."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from src.load.errors import UnreadableDataError

EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
"""Of image files, in lower case."""

FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "GIF")
"""Pillow's names of what is read, whatever a file is called."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

JPEG = ("JPEG", "MPO")
"""What Pillow calls a JPEG; of some cameras, it holds several images."""

SIXTEEN_BITS = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})
"""Pillow's modes for grey levels of 0 to 65,535."""


def open_image(path: str | Path) -> Image.Image:
    """Read and decode an image file.

    The orientation that EXIF tells is applied, transparency is put on white, grey and palette
    images become RGB, and of 16 bits the upper 8 are taken. What the file is, its content tells,
    not its name. Of several frames the first is taken. Damage is found where the format has the
    means: PNG has checksums, JPEG an end. BMP and WebP are only checked for their length.

    Returns:
        An RGB image of 8 bits per channel.

    Raises:
        UnreadableDataError: missing, empty, damaged, cut short, no image, or of more pixels than
            ``PIL.Image.MAX_IMAGE_PIXELS`` (a small file can hold an image that fills the memory).
    """
    try:
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or error
        raise UnreadableDataError(f"{path}: cannot be read ({cause})") from None
    return decode_image(content, str(path))


def decode_image(content: bytes, path: str) -> Image.Image:
    """``open_image`` for the content of a file; ``path`` is what messages call it."""
    try:
        if not content:
            raise UnreadableDataError(f"{path}: is empty")
        with Image.open(io.BytesIO(content), formats=FORMATS) as file:
            _check_pixels(path, file)
            _check_whole(path, file, content)
            return as_rgb(_upright(file))
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
        clear = levels == image.info.get("transparency", -1)
        grey = np.where(clear, 255, levels >> 8).astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        on_white = Image.new("RGBA", image.size, "white")
        on_white.alpha_composite(image.convert("RGBA"))
        return on_white.convert("RGB")
    return image.convert("RGB")


def _upright(image: Image.Image) -> Image.Image:
    """The image rotated as its EXIF data say; as it is if they are damaged."""
    try:
        return ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, struct.error):
        return image


def _check_whole(path: str, image: Image.Image, content: bytes) -> None:
    """Refuse files of full length whose end is missing, as an interrupted copy leaves them."""
    if image.format == "PNG":
        _check_chunks(path, content)
    elif image.format in JPEG and content.find(b"\xff\xd9", _scan(content)) < 0:
        raise UnreadableDataError(f"{path}: cannot be read (the end of the JPEG data is missing)")


def _check_chunks(path: str, content: bytes) -> None:
    """Refuse a PNG with a chunk that its checksum (CRC-32) does not fit, or without an end.

    A chunk is its length (4 bytes, big-endian), type (4), data, checksum of type and data (4).
    """
    place = len(PNG_SIGNATURE)
    while place + 12 <= len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        end = place + 8 + length
        if content[end : end + 4] != zlib.crc32(content[place + 4 : end]).to_bytes(4, "big"):
            name = content[place + 4 : place + 8].decode("ascii", "replace")
            raise UnreadableDataError(
                f"{path}: cannot be read (a damaged PNG: wrong checksum of its {name!r} chunk)"
            )
        if content[place + 4 : place + 8] == b"IEND":
            return
        place = end + 4
    raise UnreadableDataError(f"{path}: cannot be read (the end of the PNG data is missing)")


def _scan(content: bytes) -> int:
    """Where the pixels of a JPEG begin; previews in the segments before have ends of their own."""
    place = 2
    while content[place : place + 1] == b"\xff" and content[place + 1 : place + 2] != b"\xda":
        fill = content[place + 1 : place + 2] == b"\xff"  # any number of them may come before
        place += 1 if fill else 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return place


def _check_pixels(path: str, image: Image.Image) -> None:
    limit, pixels = Image.MAX_IMAGE_PIXELS, image.width * image.height
    if limit is not None and pixels > limit:
        raise UnreadableDataError(
            f"{path}: {image.width} x {image.height} pixels are more than the {limit:,} that are "
            "allowed; if the file can be trusted, raise PIL.Image.MAX_IMAGE_PIXELS"
        )

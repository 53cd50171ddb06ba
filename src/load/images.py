"""Opening an image file: whatever its kind, the result is RGB with 8 bits, the right way up."""

import io
import struct
import zlib
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from src.load.errors import UnreadableDataError
from src.load.image_kinds import HEAD, description_of, kind_of_image

FORMATS = (
    *("JPEG", "PNG", "BMP", "DIB", "WEBP", "GIF", "TIFF", "PPM", "JPEG2000", "AVIF", "HEIF"),
)
"""Pillow's names of what is read, whatever a file is called; not those that run other programs."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

JPEG = ("JPEG", "MPO")
"""What Pillow calls a JPEG; of some cameras, it holds several images."""

PNG_TEXT = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
"""PNG chunks that say nothing of the pixels; Pillow refuses an image whose texts are long."""

SIXTEEN_BITS = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})
"""Pillow's modes for grey levels of 0 to 65,535."""

WHITE_16, WHITE_12, WHITE_8 = 65_535, 4_095, 255
"""The highest level of 16 bits, of the 12 that many cameras and scanners have, and of 8."""


def open_image(path: str | Path, white: int | None = None) -> Image.Image:
    """Read and decode an image file.

    The orientation that EXIF tells is applied, transparency is put on white, grey and palette
    images become RGB. What the file is, its content tells, not its name. Of several frames the
    first is taken. Damage is found where the format has the means: PNG has checksums, JPEG an end.
    BMP and WebP are only checked for their length.

    Args:
        path: of the file.
        white: the level of a grey image of more than 8 bits that becomes 255; None for 65,535, or
            4,095 or 255 where no level of the image is higher: then ``info["bits"]`` says so.

    Returns:
        An RGB image of 8 bits per channel.

    Raises:
        UnreadableDataError: missing, empty, damaged, cut short, no image, or of more pixels than
            ``PIL.Image.MAX_IMAGE_PIXELS`` (a small file can hold an image that fills the memory).
    """
    return decode_image(read_bytes(path), str(path), white)


def read_bytes(path: str | Path) -> bytes:
    """The content of a file. Raises UnreadableDataError."""
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or error
        raise UnreadableDataError(f"{path}: cannot be read ({cause})") from None


def highest_level(path: Path) -> int:
    """The highest level of a grey image of more than 8 bits; 0 for any other file."""
    try:
        with Image.open(path, formats=_formats()) as image:
            return int(np.asarray(image).max()) if image.mode in SIXTEEN_BITS else 0
    except Exception:  # what is wrong with it, reading it says
        return 0


def image_size(path: Path) -> tuple[int, int]:
    """Width and height of an image the right way up, from its head: nothing is decoded.

    Raises UnreadableDataError.
    """
    try:
        with Image.open(path, formats=_formats()) as image:
            turned = image.getexif().get(ORIENTATION, 1) in (5, 6, 7, 8)
            return image.size[::-1] if turned else image.size
    except Exception as error:  # decoders of damaged files raise whatever they stumble over
        raise UnreadableDataError(f"{path}: its size cannot be read ({error})") from None


ORIENTATION = 0x0112
"""EXIF tag: how a camera was held; 5 to 8 are turned by a quarter."""


def decode_image(
    content: bytes, path: str, white: int | None = None, most_pixels: int | None = None
) -> Image.Image:
    """``open_image`` for the content of a file.

    Args:
        content: of the file.
        path: what messages call it.
        white: see ``open_image``.
        most_pixels: it may have, where that is fewer than ``PIL.Image.MAX_IMAGE_PIXELS``.
    """
    try:
        if not content:
            raise UnreadableDataError(f"{path}: is empty")
        if content.startswith(PNG_SIGNATURE):
            content = _sound_png(path, content)
        with Image.open(io.BytesIO(content), formats=_formats()) as file:
            _check_pixels(path, file, most_pixels)
            if file.format in JPEG and content.find(b"\xff\xd9", _scan(content)) < 0:
                raise UnreadableDataError(
                    f"{path}: cannot be read (the end of the JPEG data is missing)"
                )
            deep = _has_16_bits(file, content)
            image = as_rgb(_upright(file), white)
            if deep and file.mode not in SIXTEEN_BITS and 0 < _highest(image) <= WHITE_12 >> 8:
                raise ValueError(
                    "it has 16 bits and uses 12, which is read of grey images without transparency "
                    "only: convert it to 8 bits"
                )
            return image
    except UnreadableDataError:
        raise
    except UnidentifiedImageError:
        raise UnreadableDataError(f"{path}: {_what_else(path, content)}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadableDataError(f"{path}: {error}") from None
    except MemoryError:
        raise
    except Exception as error:  # decoders of damaged files raise whatever they stumble over
        cause = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UnreadableDataError(f"{path}: cannot be read ({cause})") from None


def _formats() -> list[str]:
    """Those of ``FORMATS`` that this Pillow has, and HEIF where pillow-heif is installed."""
    return list(_available_formats())


@cache
def _available_formats() -> tuple[str, ...]:
    try:
        from pillow_heif import register_heif_opener  # type: ignore[import-not-found, unused-ignore]

        register_heif_opener()
    except ImportError:
        pass
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _what_else(path: str, content: bytes) -> str:
    """Why a file is no image that is read here."""
    kind, suffix = description_of(content[:HEAD]), Path(path).suffix
    if kind is None:
        return "is no image of a known format"
    named = f" named {suffix}" if suffix else ""
    if kind == "HEIC image" and "HEIF" in _formats():
        return f"is a HEIC image{named}, and damaged"
    if kind == "HEIC image":
        return f"is a HEIC image{named}; pip install 'classic-nn[heic]' to read it"
    if kind == "AVIF image" and "AVIF" not in _formats():
        return f"is an AVIF image{named}; Pillow 11.3 or newer reads it"
    if kind_of_image(content[:HEAD]):
        return f"cannot be read (a damaged {kind})"
    article = "an" if kind[0] in "AEIOUXaeiou" and not kind.startswith("Un") else "a"
    return f"is no image but {article} {kind}{named}"


def as_rgb(image: Image.Image, white: int | None = None) -> Image.Image:
    """Any image as RGB with 8 bits; transparency becomes white. ``white``: see ``open_image``.

    Raises ValueError for levels that are no whole numbers up to 65,535.
    """
    levels = np.asarray(image) if image.mode in ("F", "I") else np.zeros(1)
    if image.mode == "F" or levels.max() > WHITE_16 or levels.min() < 0:
        raise ValueError(
            "its levels are fractions, below 0 or above 65,535: convert it to 8 or 16 bits"
        )
    if image.mode in SIXTEEN_BITS:
        levels = np.clip(np.asarray(image), 0, WHITE_16).astype(np.int64)
        most = levels.max()
        used = 8 if most <= WHITE_8 else 12 if most <= WHITE_12 else 16
        clear = levels == image.info.get("transparency", -1)
        if white is None:
            grey = levels >> (used - 8)
        else:
            grey = np.minimum((levels * 255 + white // 2) // white, 255)
        rgb = Image.fromarray(np.where(clear, 255, grey).astype(np.uint8)).convert("RGB")
        if white is None and used < 16 and most:
            rgb.info["bits"] = used
        return rgb
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        on_white = Image.new("RGBA", image.size, "white")
        on_white.alpha_composite(image.convert("RGBA"))
        return on_white.convert("RGB")
    return image.convert("RGB")


def _has_16_bits(image: Image.Image, content: bytes) -> bool:
    """Whether a PNG or TIFF has 16 bits per channel; Pillow keeps the upper 8 of colours."""
    if image.format == "PNG":
        return content[24:25] == b"\x10"  # of the header: after width and height
    bits = getattr(image, "tag_v2", {}).get(258, ())
    return 16 in (bits if isinstance(bits, tuple) else (bits,))


def _highest(image: Image.Image) -> int:
    """The highest level of any channel."""
    return int(np.asarray(image).max())


def _upright(image: Image.Image) -> Image.Image:
    """The image rotated as its EXIF data say; as it is if they are damaged."""
    try:
        return ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, struct.error):
        return image


def _sound_png(path: str, content: bytes) -> bytes:
    """A PNG without its texts.

    Refuses one with a chunk that its checksum (CRC-32) does not fit, or without an end. A chunk is
    its length (4 bytes, big-endian), type (4), data, checksum of type and data (4).
    """
    place = len(PNG_SIGNATURE)
    kept = [PNG_SIGNATURE]
    while place + 12 <= len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        end, name = place + 8 + length, content[place + 4 : place + 8]
        if content[end : end + 4] != zlib.crc32(content[place + 4 : end]).to_bytes(4, "big"):
            shown = name.decode("ascii", "replace")
            raise UnreadableDataError(
                f"{path}: cannot be read (a damaged PNG: wrong checksum of its {shown!r} chunk)"
            )
        if name not in PNG_TEXT:
            kept.append(content[place : end + 4])
        if name == b"IEND":
            return b"".join(kept)
        place = end + 4
    raise UnreadableDataError(
        f"{path}: cannot be read (a damaged PNG: the end of the PNG data is missing)"
    )


def _scan(content: bytes) -> int:
    """Where the pixels of a JPEG begin; previews in the segments before have ends of their own."""
    place = 2
    while content[place : place + 1] == b"\xff" and content[place + 1 : place + 2] != b"\xda":
        fill = content[place + 1 : place + 2] == b"\xff"  # any number of them may come before
        place += 1 if fill else 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return place


def _check_pixels(path: str, image: Image.Image, most: int | None) -> None:
    limit, pixels = Image.MAX_IMAGE_PIXELS, image.width * image.height
    if most is not None and pixels > most:
        raise UnreadableDataError(
            f"{path}: {image.width} x {image.height} pixels are more than the {most:,} that are "
            "taken here: make the photo smaller"
        )
    if limit is not None and pixels > limit:
        raise UnreadableDataError(
            f"{path}: {image.width} x {image.height} pixels are more than the {limit:,} that are "
            "allowed; if the file can be trusted, raise PIL.Image.MAX_IMAGE_PIXELS"
        )

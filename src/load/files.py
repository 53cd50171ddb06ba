"""Opening files that may be gzipped, finding them, reading text."""

import codecs
import gzip
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from src.load.errors import UnreadableDataError

READING_ERRORS = (OSError, EOFError, zlib.error)
"""What reading a file, or a damaged gzip stream, may raise."""


def open_plain_or_gzip(path: Path) -> BinaryIO:
    """Open for reading bytes; a name that ends in .gz is decompressed on the way."""
    return cast(BinaryIO, gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb"))


def find_file(directory: Path, *names: str) -> Path:
    """The file of one of these names, or with .gz after it, in the directory or one below it.

    Raises UnreadableDataError where there is none.
    """
    for place in ("", "*/"):
        for name in names:
            for pattern in (f"{place}{name}", f"{place}{name}.gz"):
                found = sorted(path for path in directory.glob(pattern) if path.is_file())
                if found:
                    return found[0]
    name = names[0]
    raise UnreadableDataError(f"{directory}: expected {name} or {name}.gz in it, found neither")


def is_file(path: Path) -> bool:
    """Whether there is such a file; a name that no file can have is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def read_text(file: Path) -> str:
    """The text of a file: UTF-8, with or without a byte-order mark, or UTF-16 with one.

    Raises UnreadableDataError where it is missing or no text.
    """
    try:
        content = file.read_bytes()
        wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableDataError(
            f"{file}: cannot be read ({error}): expected text in UTF-8; save it so"
        ) from None
    except OSError as error:
        raise UnreadableDataError(f"{file}: cannot be read ({error.strerror})") from None

"""Opening files that may be gzipped."""

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


def find_file(directory: Path, name: str) -> Path:
    """The file of that name, or with .gz after it, in the directory or one below it.

    Raises UnreadableDataError where there is none.
    """
    for pattern in (name, f"{name}.gz", f"*/{name}", f"*/{name}.gz"):
        found = sorted(path for path in directory.glob(pattern) if path.is_file())
        if found:
            return found[0]
    raise UnreadableDataError(f"{directory}: expected {name} or {name}.gz in it, found neither")

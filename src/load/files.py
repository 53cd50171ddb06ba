"""Opening files that may be gzipped, finding them, reading CSV rows."""

import csv
import gzip
import zlib
from collections.abc import Iterator
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


def is_file(path: Path) -> bool:
    """Whether there is such a file; a name that no file can have is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def csv_rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Number of each row, from 1, and its fields without space around them; not blank rows.

    Raises UnreadableDataError where the file is missing or no text.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            for number, fields in enumerate(csv.reader(opened), 1):
                if any(field.strip() for field in fields):
                    yield number, [field.strip() for field in fields]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableDataError(f"{file}: cannot be read ({error})") from None

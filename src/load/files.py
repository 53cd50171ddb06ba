"""Opening files that may be gzipped, reading CSV, and writing files whole or not at all."""

import csv
import gzip
import secrets
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A place to write to, which takes the file's name when all is written, or vanishes.

    The suffix stays, since libraries tell the format by it. Folders are made as needed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # a name of its own: another process may be writing the same file
    partial = path.with_name(f".{secrets.token_hex(4)}.partial{path.suffix}")
    try:
        yield partial
        partial.replace(path)
    except OSError as error:
        # people know their file by its name, and a full disk names none
        if error.filename in (None, str(partial)):
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        partial.unlink(missing_ok=True)


def safe_file_name(name: str) -> str:
    """A name of any class as the name of a file: other signs than letters and digits become _."""
    kept = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in name).strip(".")
    return kept.encode("utf-8", "replace")[:80].decode("utf-8", "ignore") or "_"


def is_file(path: Path) -> bool:
    """Whether there is such a file; a name that no file can have is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def printable(text: str) -> str:
    """The text on one line; signs that cannot be shown, as they stand in a Python string."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


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

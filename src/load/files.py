"""Opening files that may be gzipped, and writing files whole or not at all."""

import gzip
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
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def safe_file_name(name: str) -> str:
    """A name of any class as the name of a file: other signs than letters and digits become _."""
    kept = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in name)
    return kept.strip(".")[:80] or "_"

"""Sign Language MNIST (Kaggle: datamunge/sign-language-mnist): hands that show letters.

Two CSV files with the header label,pixel1,...,pixel784 and one 28 x 28 grey image a row. Labels
are places in the alphabet from 0; J (9) and Z (25) are movements and do not occur: 24 classes.
"""

import hashlib
import itertools
import re
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from src.common.files import atomic_path
from src.load.errors import UnreadableDataError
from src.load.files import READING_ERRORS, find_file, open_plain_or_gzip

SIDE = 28
"""Height and width of an image."""

COLUMNS = 1 + SIDE * SIDE

LINES = 1000
"""Lines that are parsed at a time: 3 MB of text."""

CACHE = Path("assets/cache/sign_mnist")
"""Where parsed files are kept, relative to the working directory."""


def read_sign_mnist(
    directory: str | Path, cache: str | Path | None = CACHE
) -> dict[str, tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    """Read both files, sign_mnist_train.csv and sign_mnist_test.csv, plain or gzipped.

    Args:
        directory: that holds them, or that holds a folder with them.
        cache: where the parsed arrays are kept for the next time; None to parse again.

    Returns:
        {"train": (images (samples, 28, 28), labels (samples,)), "test": ...}, with the labels of
        the files.

    Raises:
        UnreadableDataError: a file is missing or damaged; with the row where it is one row.
    """
    splits = {}
    for split in ("train", "test"):
        path = find_file(Path(directory), f"sign_mnist_{split}.csv")
        rows = read_sign_rows(path) if cache is None else _cached(path, Path(cache))
        images = np.ascontiguousarray(rows[:, 1:]).reshape(-1, SIDE, SIDE)
        splits[split] = (images, rows[:, 0].astype(np.int64))
    return splits


def class_names(labels: NDArray[np.int64]) -> list[str]:
    """Original label and letter of each class, as "10 K"."""
    return [f"{label} {string.ascii_uppercase[label]}" for label in labels]


def read_sign_rows(path: str | Path) -> NDArray[np.uint8]:
    """Parse a file: (rows, 785), the label first.

    Raises:
        UnreadableDataError: file, row (lines after the header, from 1) and cause.
    """
    path = Path(path)
    parts: list[NDArray[np.uint8]] = []
    count = 0
    try:
        with open_plain_or_gzip(path) as file:
            _check_header(path, file)
            while lines := list(itertools.islice(file, LINES)):
                numbered = {count + k: line for k, line in enumerate(lines, 1) if line.strip()}
                parts += [_parse(path, numbered)] if numbered else []
                count += len(lines)
    except READING_ERRORS as error:
        raise UnreadableDataError(f"{path}: cannot be read ({error})") from None
    if not parts:
        raise UnreadableDataError(f"{path}: expected rows after the header, found none")
    return np.concatenate(parts)


def _check_header(path: Path, file: BinaryIO) -> None:
    header = file.readline().decode("utf-8", "replace").strip()
    names = header.split(",")
    if names[0].strip('"') != "label" or len(names) != COLUMNS:
        raise UnreadableDataError(
            f"{path}: expected the header label,pixel1,...,pixel784, got {header[:40]!r}"
        )


def _parse(path: Path, lines: Mapping[int, bytes]) -> NDArray[np.uint8]:
    """Values of lines of text by row number; a mistake is looked for line by line."""
    try:
        text = [line.decode("ascii") for line in lines.values()]
        rows = np.loadtxt(text, np.uint8, comments=None, delimiter=",", ndmin=2)
        if rows.shape == (len(lines), COLUMNS) and rows[:, 0].max() < len(string.ascii_uppercase):
            return rows
    except ValueError:
        pass
    for number, line in lines.items():
        cause = _mistake(line)
        if cause:
            raise UnreadableDataError(f"{path}: row {number}: {cause}")
    raise UnreadableDataError(f"{path}: rows from {min(lines)} on cannot be read as numbers")


def _mistake(line: bytes) -> str | None:
    """What is wrong with a line, if anything is."""
    values = line.decode("utf-8", "replace").strip().split(",")
    if len(values) != COLUMNS:
        return f"expected {COLUMNS} values (label and 784 pixels), got {len(values)}"
    for column, value in enumerate(values):
        name = f"pixel{column}" if column else "label"
        most = 255 if column else 25
        number = re.fullmatch(r"\s*\+?0*(\d+)\s*", value, re.ASCII)
        if not number:
            return f"{name}: expected a whole number, got {value.strip()[:20]!r}"
        if len(number[1]) > 3 or int(number[1]) > most:
            return f"{name}: expected 0 to {most}, got {value.strip()[:20]}"
    return None


def _cached(path: Path, cache: Path) -> NDArray[np.uint8]:
    """The parsed file, from the cache if the file has not changed since.

    A cache that cannot be written or read is no reason to stop.
    """
    metadata = path.stat()
    key = f"{path.resolve()} {metadata.st_size} {metadata.st_mtime_ns}"
    file = (
        cache / f"{path.name.partition('.')[0]}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npy"
    )
    try:
        rows: NDArray[Any] = np.load(file, allow_pickle=False)
        if rows.dtype == np.uint8 and rows.ndim == 2 and rows.shape[1] == COLUMNS:
            return rows
    except (OSError, ValueError, EOFError):
        pass
    rows = read_sign_rows(path)
    try:
        with atomic_path(file) as partial:
            np.save(partial, rows)
    except OSError:
        pass
    return rows

"""idx files, the format of MNIST and Fashion-MNIST (LeCun, Cortes and Burges 1998).

Two zero bytes, a byte for the type of the values, a byte for the number of axes, the length of
each axis as a big-endian 32-bit number, then the values, row-major.
"""

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.load.errors import UnreadableDataError
from src.load.files import READING_ERRORS, find_file, open_plain_or_gzip

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""NumPy types by the format's third byte; all values are big-endian."""


def read_idx(path: str | Path) -> NDArray[Any]:
    """Read one file, plain or gzipped.

    Returns:
        An array of the file's axes and type, in the machine's byte order.

    Raises:
        UnreadableDataError: no such file, not this format, or cut short.
    """
    path = Path(path)
    try:
        with open_plain_or_gzip(path) as file:
            content = file.read()
    except READING_ERRORS as error:
        raise UnreadableDataError(f"{path}: cannot be read ({error})") from None
    axes = content[3] if len(content) >= 4 else 0
    start = 4 + 4 * axes
    if content[:2] != b"\0\0" or content[2:3] == b"" or content[2] not in TYPES:
        raise UnreadableDataError(f"{path}: expected an idx file, which begins with two zero bytes")
    dtype = np.dtype(TYPES[content[2]])
    if len(content) < start:
        raise UnreadableDataError(f"{path}: is cut short within its header")
    shape = struct.unpack(f">{axes}I", content[4:start])
    expected = start + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        raise UnreadableDataError(
            f"{path}: expected {expected} bytes for shape {shape}, got {len(content)}"
        )
    try:
        values = np.frombuffer(content, dtype, offset=start).reshape(shape)
    except ValueError as error:  # more axes than NumPy has, or none of too many
        raise UnreadableDataError(f"{path}: {error}") from None
    return values.astype(dtype.newbyteorder("="))


def _names(name: str, axes: int) -> tuple[str, str]:
    return f"{name}-idx{axes}-ubyte", f"{name}.idx{axes}-ubyte"


def is_idx_folder(directory: Path) -> bool:
    """Whether a folder, or one in it, has the training images of such a data set."""
    try:
        find_file(directory, *_names("train-images", 3))
    except UnreadableDataError:
        return False
    return True


def idx_files(directory: Path) -> list[Path]:
    """The four files that ``read_idx_folder`` reads. Raises UnreadableDataError."""
    kinds = (("train-images", 3), ("train-labels", 1), ("t10k-images", 3), ("t10k-labels", 1))
    return [find_file(directory, *_names(name, axes)) for name, axes in kinds]


def read_idx_folder(
    directory: str | Path,
) -> dict[str, tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    """Read a data set laid out as MNIST is: train-images-idx3-ubyte, t10k-labels-..., or .gz; also
    train-images.idx3-ubyte, as some programs call it that unpack it.

    Returns:
        {"train": (images (samples, height, width), labels (samples,)), "test": ...}

    Raises:
        UnreadableDataError: a file is missing or damaged, or images and labels do not fit.
    """
    splits = {}
    paths = idx_files(Path(directory))
    for number, split in enumerate(("train", "test")):
        path, label_path = paths[2 * number : 2 * number + 2]
        images, labels = read_idx(path), read_idx(label_path)
        bytes_only = images.dtype == labels.dtype == np.uint8
        fitting = images.ndim == 3 and labels.shape == images.shape[:1]
        if not (bytes_only and fitting and len(labels)):
            raise UnreadableDataError(
                f"{path}: expected one or more images of bytes (samples, height, width) and a "
                f"byte for each as its label, got images {images.shape} of {images.dtype} and "
                f"labels {labels.shape} of {labels.dtype}"
            )
        splits[split] = (images, labels.astype(np.int64))
    return splits

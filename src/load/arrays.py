"""Data sets in NumPy's own files: ``.npz``, or a folder with ``X.npy`` and ``Y.npy``."""

import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.load.dataset import ImageDataset, one_split
from src.load.errors import UnreadableDataError
from src.load.sources import ImageArrays

UNREADABLE = (
    *(OSError, EOFError, ValueError, TypeError, SyntaxError, tokenize.TokenError),
    *(RuntimeError, zipfile.BadZipFile, zlib.error),  # encrypted, torn, damaged
)
"""What reading a file that is no sound .npy or .npz may raise."""


MOST_CLASSES = 100_000
"""Beyond it, a class number is a mistake."""


def read_npz(path: str | Path) -> dict[str, NDArray[Any]]:
    """All arrays of an .npz file, by name.

    Raises UnreadableDataError: unreadable, or X or Y is missing.
    """
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = dict(file)
    except UNREADABLE as error:
        reason = getattr(error, "strerror", None) or error
        raise UnreadableDataError(f"{path}: cannot be read as an .npz file ({reason})") from None
    for name in ("X", "Y"):
        if not isinstance(arrays.get(name), np.ndarray):
            found = ", ".join(arrays) or "none"
            raise UnreadableDataError(f"{path}: expected arrays X and Y, found {found}")
    return arrays


def read_arrays(path: str | Path) -> ImageDataset:
    """Read samples from an .npz file, or from X.npy and Y.npy of a folder.

    ``.npy`` files are mapped, not read: they may be larger than memory. X is (samples, ...), of
    bytes for images; Y is (samples,) class numbers or (samples, labels) of 0 and 1; ``class_names``
    may name the classes.

    Raises:
        UnreadableDataError: a file is missing or damaged, or shapes or values do not fit.
    """
    path = Path(path)
    if path.suffix == ".npz":
        arrays = read_npz(path)
    else:
        folder = path if path.is_dir() else path.parent
        arrays = {name: _mapped(folder / f"{name}.npy") for name in ("X", "Y")}
        if (folder / "class_names.npy").is_file():
            arrays["class_names"] = _mapped(folder / "class_names.npy")
    x, y = arrays["X"], np.asarray(arrays["Y"])
    fitting = x.ndim >= 2 and y.ndim in (1, 2) and x.shape[:1] == y.shape[:1]
    if not (fitting and x.size and y.size and x.dtype.kind in "biuf"):
        raise UnreadableDataError(
            f"{path}: expected X (samples, ...) of numbers and Y (samples,) or (samples, labels), "
            f"got X {x.shape} of {x.dtype} and Y {y.shape}"
        )
    whole = y.dtype.kind in "biu" or (y.dtype.kind == "f" and bool((y == np.round(y)).all()))
    most = 1 if y.ndim == 2 else MOST_CLASSES - 1
    if not whole or y.min() < 0 or y.max() > most:
        raise UnreadableDataError(
            f"{path}: expected Y of class numbers (0 to {MOST_CLASSES - 1:,}), or of 0 and 1"
        )
    targets = y.astype(np.int64)
    classes = targets.shape[1] if targets.ndim == 2 else int(targets.max()) + 1
    names = arrays.get("class_names", np.array([f"class {k}" for k in range(classes)]))
    if names.ndim != 1 or len(names) < classes or (targets.ndim == 2 and len(names) > classes):
        raise UnreadableDataError(f"{path}: class_names: expected {classes}, got {names.shape}")
    source = ImageArrays(x, str(path))
    return ImageDataset(source, targets, [str(name) for name in names], one_split(len(x)))


def _mapped(path: Path) -> NDArray[Any]:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except UNREADABLE as error:
        raise UnreadableDataError(f"{path}: cannot be read as an .npy file ({error})") from None

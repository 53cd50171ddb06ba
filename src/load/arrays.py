"""Data sets in NumPy's own files: ``.npz``, or a folder with ``X.npy`` and ``Y.npy``."""

import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.load.class_names import distinct_names
from src.load.dataset import UNDIVIDED, ImageDataset
from src.load.errors import UnreadableDataError
from src.load.problems import Problems
from src.load.sources import ImageArrays

UNREADABLE = (
    *(OSError, EOFError, ValueError, TypeError, SyntaxError, tokenize.TokenError),
    *(RuntimeError, OverflowError, zipfile.BadZipFile, zlib.error),  # encrypted, torn, damaged
)
"""What reading a file that is no sound .npy or .npz may raise."""


MOST_CLASSES = 100_000
"""Beyond it, a class number is a mistake."""


SPLITS = {"train": "train", "val": "validation", "valid": "validation", "test": "test"}
"""Endings of arrays' names, as in Keras' x_train and y_train, and what we call the split."""


def read_npz(path: str | Path) -> dict[str, NDArray[Any]]:
    """All arrays of an .npz file, by name.

    Raises UnreadableDataError: unreadable, or there are neither X and Y nor x_train and y_train.
    """
    try:
        with _quiet(), open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: array for name, array in file.items() if isinstance(array, np.ndarray)}
    except UNREADABLE as error:
        reason = getattr(error, "strerror", None) or error
        raise UnreadableDataError(f"{path}: cannot be read as an .npz file ({reason})") from None
    if not _pairs(arrays):
        found = ", ".join(arrays) or "none"
        raise UnreadableDataError(
            f"{path}: expected arrays X and Y, or x_train, y_train and so on, found {found}"
        )
    return arrays


def _pairs(arrays: Mapping[str, NDArray[Any]]) -> dict[str, tuple[str, str]]:
    """Names of samples and targets by split; of the one undivided pair by ``UNDIVIDED``."""
    known = {name.lower(): name for name in arrays}
    if "x" in known and "y" in known:
        return {UNDIVIDED: (known["x"], known["y"])}
    return {
        split: (known[f"x_{ending}"], known[f"y_{ending}"])
        for ending, split in SPLITS.items()
        if f"x_{ending}" in known and f"y_{ending}" in known
    }


def read_arrays(path: str | Path, problems: Problems | None = None) -> ImageDataset:
    """Read samples from an .npz file, or from X.npy and Y.npy of a folder.

    ``.npy`` files are mapped, not read: they may be larger than memory. X is (samples, ...), of
    bytes for images; Y is (samples,) or (samples, 1) class numbers or names of classes, or
    (samples, labels) of 0 and 1; ``class_names`` may name the classes. An .npz file may be divided:
    x_train, y_train, x_val, y_val, x_test, y_test.

    Raises:
        UnreadableDataError: a file is missing or damaged, or shapes or values do not fit.
    """
    path, problems = Path(path), problems if problems is not None else Problems()
    if path.suffix.lower() == ".npz":
        arrays = read_npz(path)
    else:
        folder = path if path.is_dir() else path.parent
        arrays = {name: _mapped(folder / f"{name}.npy") for name in ("X", "Y")}
        if (folder / "class_names.npy").is_file():
            arrays["class_names"] = _mapped(folder / "class_names.npy")
    parts = {
        split: (arrays[x], _targets(path, arrays[x], np.asarray(arrays[y])))
        for split, (x, y) in _pairs(arrays).items()
    }
    images, labels = _joined(path, parts)
    labels, names = _named(path, labels, arrays.get("class_names"))
    ends = np.cumsum([0, *(len(y) for _, y in parts.values())])
    rows = {split: np.arange(ends[k], ends[k + 1]) for k, split in enumerate(parts)}
    items = range(len(images))
    problems.account("samples").set_all(items, "used", "samples")
    source = ImageArrays(images, str(path))
    return ImageDataset(source, labels, names, rows, problems, ("samples", items))


def _targets(path: Path, x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """Y as class numbers, names of classes, or labels of 0 and 1."""
    fitting = x.ndim >= 2 and y.ndim in (1, 2) and x.shape[:1] == y.shape[:1]
    if not (fitting and x.size and y.size and x.dtype.kind in "biuf"):
        raise UnreadableDataError(
            f"{path}: expected X (samples, ...) of numbers and Y (samples,) or (samples, labels), "
            f"got X {x.shape} of {x.dtype} and Y {y.shape}"
        )
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.dtype.kind == "U" and y.ndim == 1:
        if not all(name.strip() for name in y.tolist()):
            raise UnreadableDataError(f"{path}: Y: expected a name for each sample, got a blank")
        return y
    whole = y.dtype.kind in "biu" or (y.dtype.kind == "f" and bool((y == np.round(y)).all()))
    most = 1 if y.ndim == 2 else MOST_CLASSES - 1
    if not whole or y.min() < 0 or y.max() > most:
        bad = (
            y[~np.isin(y, (0, 1))] if y.ndim == 2 else y[(y != np.floor(y)) | (y < 0) | (y > most)]
        )
        raise UnreadableDataError(
            f"{path}: expected Y of class numbers (0 to {MOST_CLASSES - 1:,}), or labels of 0 and "
            f"1, got {bad[0]:g} in Y {y.shape}"
        )
    return y.astype(np.int64)


def _joined(
    path: Path, parts: Mapping[str, tuple[NDArray[Any], NDArray[Any]]]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """All splits in one array each; a single one stays mapped."""
    xs, ys = [x for x, _ in parts.values()], [y for _, y in parts.values()]
    if len(xs) == 1:
        return xs[0], ys[0]
    kinds = {(x.dtype, x.shape[1:], y.dtype.kind, y.shape[1:]) for x, y in parts.values()}
    if len(kinds) > 1:
        raise UnreadableDataError(f"{path}: expected arrays of one shape and type in all splits")
    return np.concatenate(xs), np.concatenate(ys)


def _named(
    path: Path, y: NDArray[Any], given: NDArray[Any] | None
) -> tuple[NDArray[np.int64], list[str]]:
    """Targets as numbers, and names of the classes or labels."""
    if y.dtype.kind == "U":
        found, numbers = np.unique(np.char.strip(y), return_inverse=True)
        return numbers.astype(np.int64), distinct_names(found.tolist())
    classes = y.shape[1] if y.ndim == 2 else int(y.max()) + 1
    kind = "label" if y.ndim == 2 else "class"
    names = np.array([f"{kind} {k}" for k in range(classes)]) if given is None else given
    if y.ndim == 1 and names.shape == (1,) and classes <= 2:  # the name of yes
        names = np.array([f"not {names[0]}", names[0]])
    if names.ndim != 1 or len(names) < classes or (y.ndim == 2 and len(names) > classes):
        raise UnreadableDataError(f"{path}: class_names: expected {classes}, got {names.shape}")
    return y, distinct_names([str(name) for name in names])


@contextmanager
def _quiet() -> Iterator[None]:
    """Without NumPy's advice to save files of Python 2 again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def _mapped(path: Path) -> NDArray[Any]:
    try:
        with _quiet():
            return np.load(path, mmap_mode="r", allow_pickle=False)
    except UNREADABLE as error:
        raise UnreadableDataError(f"{path}: cannot be read as an .npy file ({error})") from None

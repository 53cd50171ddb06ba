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

from src.load.class_names import distinct_names, normal
from src.load.dataset import UNDIVIDED, ImageDataset, Items
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


BLOCK = 4096
"""Samples that are checked at a time."""

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
    elif path.is_dir() or path.name in ("X.npy", "Y.npy"):
        folder = path if path.is_dir() else path.parent
        arrays = {name: _mapped(folder / f"{name}.npy") for name in ("X", "Y")}
        if (folder / "class_names.npy").is_file():
            arrays["class_names"] = _mapped(folder / "class_names.npy")
    else:
        raise UnreadableDataError(f"{path}: expected X.npy, with Y.npy beside it")
    pairs = _pairs(arrays)
    _account_for_arrays(path, arrays, {name for pair in pairs.values() for name in pair}, problems)
    parts = {
        split: (_samples(path, arrays[x]), _targets(path, arrays[x], np.asarray(arrays[y])))
        for split, (x, y) in pairs.items()
    }
    images, labels = _joined(path, parts)
    labels, names = _named(path, labels, arrays.get("class_names"))
    ends = np.cumsum([0, *(len(y) for _, y in parts.values())])
    rows = {split: np.arange(ends[k], ends[k + 1]) for k, split in enumerate(parts)}
    items = range(len(images))
    problems.account("samples").set_all(items, "used", "samples")
    source = ImageArrays(images, str(path))
    return ImageDataset(
        source, labels, names, rows, problems, [Items("samples", [(k,) for k in items])]
    )


def _account_for_arrays(
    path: Path, arrays: Mapping[str, NDArray[Any]], used: set[str], problems: Problems
) -> None:
    """Arrays of a file of which nothing is read: images without targets, a second set."""
    account = problems.account("arrays")
    for name, array in arrays.items():
        if name in used or name == "class_names":
            account.set(name, "used", "arrays")
        else:
            text = f"{path}: {name} {array.shape} belongs to no pair of samples and targets"
            problems.leave_out("arrays", name, "arrays that are not used", text)


def _samples(path: Path, x: NDArray[Any]) -> NDArray[Any]:
    """X, checked; whole numbers of 0 to 255 on two or three axes are images of 8 bits."""
    if x.ndim == 4 and x.shape[3] not in (1, 3, 4) and x.shape[1] in (1, 3, 4):
        raise UnreadableDataError(
            f"{path}: expected X (samples, height, width, channels), got {x.shape}: channels come "
            "last (np.moveaxis(X, 1, -1))"
        )
    if x.dtype.kind == "f":
        for start in range(0, len(x), BLOCK):
            finite = np.isfinite(x[start : start + BLOCK]).reshape(
                len(x[start : start + BLOCK]), -1
            )
            bad = np.flatnonzero(~finite.all(axis=1))
            if len(bad):
                sample = start + int(bad[0])
                value = x[sample][~np.isfinite(x[sample])].flat[0]
                raise UnreadableDataError(
                    f"{path}: X: expected finite numbers, got {value} in sample {sample}"
                )
    whole = x.dtype.kind in "iu" and x.dtype != np.uint8 and x.ndim in (3, 4) and x.size
    if whole and x.min() >= 0 and 1 < x.max() <= 255:
        return x.astype(np.uint8)
    return x


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
    if y.dtype.kind == "S":
        y = np.char.decode(y, "utf-8", "backslashreplace")
    if y.dtype.kind == "U" and y.ndim == 1:
        if not all(name.strip() for name in y.tolist()):
            raise UnreadableDataError(f"{path}: Y: expected a name for each sample, got a blank")
        return y
    if y.dtype.kind not in "biuf":
        raise UnreadableDataError(
            f"{path}: expected Y of class numbers, names, or labels of 0 and 1, got {y.dtype} "
            f"{y.shape}"
        )
    most = 1 if y.ndim == 2 else MOST_CLASSES - 1
    bad = y[(y != np.floor(y)) | (y < 0) | (y > most)] if y.dtype.kind != "b" else y[:0]
    if len(bad):
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
        cells = [normal(name.strip()) for name in y.tolist()]
        found, numbers = np.unique(cells, return_inverse=True)
        return numbers.astype(np.int64), distinct_names(found.tolist())
    if given is None and y.ndim == 1:  # a class for each number that occurs
        found, numbers = np.unique(y, return_inverse=True)
        return numbers.astype(np.int64), [f"class {number}" for number in found.tolist()]
    classes = y.shape[1] if y.ndim == 2 else int(y.max()) + 1
    names = np.array([f"label {k}" for k in range(classes)]) if given is None else given
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

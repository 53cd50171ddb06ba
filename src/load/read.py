"""One function that reads every kind of data set, by what lies in the given place."""

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from src.load.arrays import read_arrays
from src.load.dataset import ImageDataset, Items
from src.load.errors import UnreadableDataError
from src.load.grocery import Labels, read_grocery
from src.load.idx import idx_files, is_idx_folder, read_idx_folder
from src.load.image_folder import (
    DESCRIPTIONS,
    account_for_others,
    find_files,
    read_image_folder,
)
from src.load.image_kinds import is_image_file
from src.load.images import highest_level
from src.load.listed.reader import read_image_csv
from src.load.problems import Problems
from src.load.sign_mnist import class_names as sign_names
from src.load.sign_mnist import read_sign_mnist
from src.load.sources import ImageArrays, ImageFiles
from src.load.walk import is_of_this_program, is_system_name, walk
from src.load.yolo import describes_yolo, read_yolo

KINDS = (
    "folders of classes (perhaps below train, val, test), a YOLO .yaml file or folder, Grocery "
    "Store lists, a CSV file of images and labels, Sign MNIST CSVs, idx files, .npz, or X.npy and "
    "Y.npy"
)


def read_data(
    path: str | Path,
    *,
    objects: bool = True,
    labels: Labels = "both",
    label_column: str | None = None,
    label_separator: str | None = None,
    white: int | str | None = None,
    problems: Problems | None = None,
) -> ImageDataset:
    """Read a data set of any known kind; nothing is decoded yet.

    Args:
        path: a file or a folder; see ``KINDS``. A folder in which there is nothing but another is
            gone through.
        objects: of YOLO data sets and tables of boxes, one sample an object; else whole images with
            labels.
        labels: of Grocery Store: "both", "fine" or "coarse".
        label_column, label_separator: of CSV files; see ``read_image_csv``.
        white: level of 16-bit images that becomes white; "set" for the highest of all images;
            None to tell it by each image, see ``open_image``.
        problems: where to file what cannot be used, and the account of all.

    Raises:
        UnreadableDataError: there is no data set of a known kind, or it is damaged.
    """
    path, problems = Path(path), problems if problems is not None else Problems()
    if not path.exists():
        raise UnreadableDataError(f"{path}: no such file or folder")
    table = {"label_column": label_column, "label_separator": label_separator}
    given = [f"--{name.replace('_', '-')}" for name, value in table.items() if value is not None]
    if given and not (path.is_file() and path.suffix.lower() in TABLES):
        raise UnreadableDataError(f"{path}: {given[0]} is for CSV files, and this is none")
    if path.is_file():
        dataset = _read_file(path, objects, table, problems)
    else:
        dataset = _read_folder(path, objects, labels, problems)
    _note_case(dataset.class_names, problems)
    return _with_white(dataset, white)


CASE = "classes whose names differ only by case"
"""A kind of problem."""

MOST_WRAPPERS = 20
"""Folders inside of each other that are gone through."""

TABLES = (".csv", ".tsv")
"""Suffixes of tables."""


def _read_file(
    path: Path, objects: bool, table: dict[str, str | None], problems: Problems
) -> ImageDataset:
    match path.suffix.lower():
        case ".yaml" | ".yml" | ".data":
            return read_yolo(path, objects, problems)
        case ".csv" | ".tsv":
            return read_image_csv(path, problems, objects=objects, **table)
        case ".npz" | ".npy":
            return read_arrays(path, problems)
    hint = "; unpack it first" if path.suffix.lower() in (".zip", ".gz", ".tar", ".rar") else ""
    raise UnreadableDataError(f"{path}: expected {KINDS}{hint}")


def _read_folder(path: Path, objects: bool, labels: Labels, problems: Problems) -> ImageDataset:
    """The data set of a folder, by the files that lie in it, or in the one folder inside."""
    inside = _entries(path)
    folders = [entry for entry in inside if entry.is_dir()]
    plain = not any(entry.is_file() and not DESCRIPTIONS.match(entry.name) for entry in inside)
    if len(folders) == 1 and plain and not _is_plain_folder(_innermost(folders[0])):
        problems.note("folders that were gone through", f"{path}: the data lie in {folders[0]}")
        find_files(walk(path), problems)
        return _read_folder(folders[0], objects, labels, problems)
    if _is_grocery(path):
        find_files(walk(path), problems)
        dataset = read_grocery(path, labels, problems)
        _account_for_files(path, dataset, problems)
        return dataset
    if describes_yolo(path):
        return read_yolo(path, objects, problems)
    if (path / "X.npy").is_file():
        _account_for_arrays(path, ("X.npy", "Y.npy", "class_names.npy"), problems)
        return read_arrays(path, problems)
    if any(path.glob("sign_mnist_train.csv*")):
        _account_for_arrays(path, ("sign_mnist_*.csv", "sign_mnist_*.csv.gz"), problems)
        splits = read_sign_mnist(path)
        present = np.unique(np.concatenate([labels for _, labels in splits.values()]))
        numbered = {
            split: (images, np.searchsorted(present, labels))
            for split, (images, labels) in splits.items()
        }
        return _from_arrays(path, numbered, sign_names(present), problems)
    if is_idx_folder(path):
        _account_for_arrays(path, [file.name for file in idx_files(path)], problems)
        splits = read_idx_folder(path)
        classes = 1 + max(int(labels.max()) for _, labels in splits.values())
        return _from_arrays(path, splits, [str(k) for k in range(classes)], problems)
    return read_image_folder(path, problems)


def _innermost(folder: Path) -> Path:
    """The folder inside of others that hold nothing else."""
    for _ in range(MOST_WRAPPERS):
        others = [entry for entry in _entries(folder) if not DESCRIPTIONS.match(entry.name)]
        if len(others) != 1 or not others[0].is_dir():
            return folder
        folder = others[0]
    return folder


def _entries(folder: Path) -> list[Path]:
    """What is in a folder, without the system's and this program's own."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise UnreadableDataError(f"{folder}: cannot be read ({error.strerror})") from None
    return [e for e in entries if not is_system_name(e.name) and not is_of_this_program(e)]


def _is_plain_folder(path: Path) -> bool:
    """Whether a folder is of none of the kinds that files in it tell: folders of classes then."""
    arrays = (path / "X.npy").is_file() or any(path.glob("sign_mnist_train.csv*"))
    return not (arrays or _is_grocery(path) or describes_yolo(path) or is_idx_folder(path))


def _is_grocery(path: Path) -> bool:
    lists = any((path / f"{split}.txt").is_file() for split in ("train", "val", "test"))
    return lists and (path / "classes.csv").is_file()


def _account_for_files(path: Path, dataset: ImageDataset, problems: Problems) -> None:
    """Files of a data set whose rows name its images."""
    files = problems.account("files")
    if isinstance(dataset.images, ImageFiles):
        for image in dataset.images.paths:
            files.set(image, "used", "photos")
    for item in files.undecided():
        file = Path(str(item))
        if file.parent == path and file.suffix in (".txt", ".csv"):
            files.set(item, "used", "lists")
        elif is_image_file(file):
            problems.leave_out(
                *("files", item, "images that no used row names"), f"{file}: no used row names it"
            )
    account_for_others(problems)


def _account_for_arrays(path: Path, used: Sequence[str], problems: Problems) -> None:
    """Files of a folder of arrays: those whose names fit a pattern are used."""
    find_files(walk(path), problems)
    files = problems.account("files")
    for item in files.undecided():
        if any(fnmatch(Path(str(item)).name, pattern) for pattern in used):
            files.set(item, "used", "arrays")
    account_for_others(problems)


def _with_white(dataset: ImageDataset, white: int | str | None) -> ImageDataset:
    """The data set with images whose level of white is told."""
    if white is None or not isinstance(dataset.images, ImageFiles):
        return dataset
    if white == "set":
        white = max((highest_level(path) for path in set(dataset.images.paths)), default=0)
        text = f"{white:,}, the highest level of all images of more than 8 bits"
        dataset.problems.note("level that becomes white", text)
    return replace(dataset, images=dataset.images.with_white(int(white) or None))


def _from_arrays(
    path: Path,
    splits: dict[str, tuple[NDArray[np.uint8], NDArray[np.int64]]],
    names: list[str],
    problems: Problems,
) -> ImageDataset:
    """Splits in arrays as one data set."""
    images = np.concatenate([images for images, _ in splits.values()])
    targets = np.concatenate([labels for _, labels in splits.values()])
    ends = np.cumsum([0, *(len(labels) for _, labels in splits.values())])
    rows = {split: np.arange(ends[k], ends[k + 1]) for k, split in enumerate(splits)}
    items = range(len(targets))
    problems.account("samples").set_all(items, "used", "images")
    source = ImageArrays(images, str(path))
    of_row = [(item,) for item in items]
    return ImageDataset(source, targets, names, rows, problems, [Items("samples", of_row)])


def _note_case(names: Sequence[str], problems: Problems) -> None:
    """Point out names that differ only by case: perhaps one class was meant."""
    folded: dict[str, list[str]] = {}
    for name in names:
        folded.setdefault(name.casefold(), []).append(name)
    for group in folded.values():
        if len(group) > 1:
            problems.note(CASE, f"{' and '.join(group)}: they are taken for different classes")

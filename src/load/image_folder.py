"""Data sets whose classes are folders: ``root/<split>/<class>/*`` or ``root/<class>/*``."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from src.common.files import printable
from src.load.dataset import ImageDataset, one_split
from src.load.errors import UnreadableDataError
from src.load.files import csv_rows
from src.load.images import EXTENSIONS
from src.load.problems import Problems
from src.load.sources import ImageFiles

SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""What folders of splits are called, and what we call the split."""


def read_image_folder(root: str | Path, problems: Problems | None = None) -> ImageDataset:
    """Read a data set whose folders are classes, sorted by name.

    Where the folders of ``root`` are called train, val (or validation) and test, in any case, they
    are splits and their folders are classes. Images may lie deeper below the folder of their
    class. Hidden files are passed over; other files that are no images are counted. A file
    ``classes.csv`` with rows ``folder,name`` gives the classes their names.

    Args:
        root: of the data set.
        problems: where to file what cannot be used: folders without images, images without a
            class.

    Raises:
        UnreadableDataError: no such folder, no images, or splits and classes side by side.
    """
    root, problems = Path(root), problems if problems is not None else Problems()
    if not root.is_dir():
        raise UnreadableDataError(f"{root}: expected a folder")
    folders = _folders(root)
    split_folders = [folder for folder in folders if folder.name.lower() in SPLIT_NAMES]
    others = [f for f in folders if f not in split_folders and any(image_paths(f))]
    if split_folders and others:
        raise UnreadableDataError(
            f"{root}: expected folders of splits (train, val, test) or folders of classes, found "
            f"both: {split_folders[0].name} and {others[0].name}"
        )
    _note_unclassified(root, problems)
    found: dict[str, dict[str, list[Path]]] = {}
    for folder in split_folders or [root]:
        split = SPLIT_NAMES.get(folder.name.lower(), "all") if split_folders else "all"
        if split_folders:
            _note_unclassified(folder, problems)
        classes = found.setdefault(split, {})
        for class_folder in _folders(folder):
            paths = sorted(image_paths(class_folder))
            _note_other_files(class_folder, problems)
            classes.setdefault(class_folder.name, []).extend(paths)
            if not paths:
                problems.add("classes without images", f"{class_folder}: holds no image")
    names = sorted({name for classes in found.values() for name, paths in classes.items() if paths})
    if not names:
        kinds = " ".join(sorted(EXTENSIONS))
        raise UnreadableDataError(
            f"{root}: found no images ({kinds}) in folders of classes below it"
        )
    return _dataset(root, found, names, problems)


def image_paths(folder: Path) -> Iterator[Path]:
    """All image files below a folder that are not hidden."""
    for directory, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not _hidden(name))
        for name in sorted(files):
            if not _hidden(name) and Path(name).suffix.lower() in EXTENSIONS:
                yield Path(directory, name)


def _refuse(error: OSError) -> None:
    raise UnreadableDataError(f"{error.filename}: cannot be read ({error.strerror})")


def _note_other_files(folder: Path, problems: Problems) -> None:
    """Files that are passed over, by kind: they may be photos that were to be used."""
    suffixes = Counter(
        path.suffix.lower() or "without a suffix"
        for path in folder.rglob("*")
        if path.is_file() and not _hidden(path.name) and path.suffix.lower() not in EXTENSIONS
    )
    if suffixes:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in suffixes.most_common())
        problems.note("files that are no images of a known kind", f"{folder}: {kinds}")


def _dataset(
    root: Path, found: dict[str, dict[str, list[Path]]], names: list[str], problems: Problems
) -> ImageDataset:
    paths: list[Path] = []
    targets: list[int] = []
    splits = {}
    for split, classes in found.items():
        start = len(paths)
        for number, name in enumerate(names):
            here = classes.get(name, [])
            paths += here
            targets += [number] * len(here)
        splits[split] = np.arange(start, len(paths))
    return ImageDataset(
        ImageFiles(paths, root=root),
        np.array(targets, np.int64),
        [printable(name) for name in _shown_names(root, names)],
        splits if "all" not in splits else one_split(len(paths)),
        problems,
    )


def _shown_names(root: Path, folders: list[str]) -> list[str]:
    """Names from the second column of ``classes.csv``, if its first one has all folders."""
    file = root / "classes.csv"
    if not file.is_file():
        return folders
    names = {fields[0]: fields[1] for _, fields in csv_rows(file) if len(fields) >= 2}
    return [names[folder] for folder in folders] if set(folders) <= names.keys() else folders


def _note_unclassified(folder: Path, problems: Problems) -> None:
    """Images that lie where only folders are expected."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix.lower() in EXTENSIONS and not _hidden(path.name):
            problems.add("images without a class", f"{path}: lies next to the folders of classes")


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not _hidden(path.name))


def _hidden(name: str) -> bool:
    """Whether a name is that of a system's own file or folder."""
    return name.startswith((".", "__"))

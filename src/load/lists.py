"""Data sets whose images are listed in text files, with their labels."""

from pathlib import Path
from typing import Literal, TypeVar

import numpy as np

from src.load.dataset import ImageDataset, one_split
from src.load.errors import UnreadableDataError
from src.load.files import csv_rows, is_file
from src.load.problems import Problems
from src.load.sources import ImageFiles

T = TypeVar("T")

Labels = Literal["both", "fine", "coarse"]

HEADERS = ("path", "file", "filename", "image", "image_path", "file_path", "filepath")
"""First fields of a header, in lower case."""


def read_image_csv(path: str | Path, problems: Problems | None = None) -> ImageDataset:
    """Read a CSV file with rows ``path,label[,label...]``.

    Paths are relative to the CSV file. A first row is a header if its first field is one of
    ``HEADERS``. An image that is listed twice counts once, and not at all if its labels differ.
    With one label in every row the data set has classes; where a row has several, or none, it has
    labels. Classes are sorted by name.

    Args:
        path: the CSV file.
        problems: where to file rows that name no file, or whose path is missing.

    Raises:
        UnreadableDataError: no such file, not text, or no usable row.
    """
    path, problems = Path(path), problems if problems is not None else Problems()
    paths: list[Path] = []
    labels: list[list[str]] = []
    for number, fields in csv_rows(path):
        image, of_row = path.parent / fields[0], [label for label in fields[1:] if label]
        if number == 1 and fields[0].lower() in HEADERS:
            continue
        if not is_file(image):
            problems.add("missing images", f"{path}: row {number}: {fields[0]}: no such file")
            continue
        paths.append(image)
        labels.append(of_row)
    paths, labels = _each_once(path, paths, labels, problems)
    names = sorted({label for of_row in labels for label in of_row})
    if not names:
        raise UnreadableDataError(f"{path}: expected rows path,label[,label...], found none")
    numbers = {name: number for number, name in enumerate(names)}
    if all(len(of_row) == 1 for of_row in labels):
        targets = np.array([numbers[label] for (label,) in labels], np.int64)
    else:
        targets = np.zeros((len(labels), len(names)), np.int64)
        for row, of_row in enumerate(labels):
            targets[row, [numbers[label] for label in of_row]] = 1
    return ImageDataset(
        ImageFiles(paths, root=path.parent), targets, names, one_split(len(paths)), problems
    )


def read_grocery(
    root: str | Path, labels: Labels = "both", problems: Problems | None = None
) -> ImageDataset:
    """Read the Grocery Store Dataset (Klasson, Zhang and Kjellstroem 2019).

    ``train.txt``, ``val.txt`` and ``test.txt`` have rows ``path, fine number, coarse number``, and
    ``classes.csv`` the names. Each photo shows one fine class, and so one coarse class.

    Args:
        root: the folder of these files.
        labels: "fine" (81) or "coarse" (43) for classes; "both" for labels, fine ones first.
        problems: where to file rows that cannot be used.

    Raises:
        UnreadableDataError: a file is missing or damaged.
    """
    root, problems = Path(root), problems if problems is not None else Problems()
    if labels not in ("both", "fine", "coarse"):
        raise ValueError(f"labels: expected both, fine or coarse, got {labels!r}")
    fine_names, coarse_names = _grocery_names(root / "classes.csv")
    paths: list[Path] = []
    fine: list[int] = []
    coarse: list[int] = []
    splits = {}
    for split, name in (("train", "train"), ("validation", "val"), ("test", "test")):
        file, start = root / f"{name}.txt", len(paths)
        if not file.is_file():
            continue
        of_split: list[Path] = []
        numbers: list[tuple[int, int]] = []
        for number, fields in csv_rows(file):
            try:
                image, first, second = root / fields[0], int(fields[1]), int(fields[2])
                fits = 0 <= first < len(fine_names) and 0 <= second < len(coarse_names)
            except (ValueError, IndexError):
                fits = False
            if not fits or not is_file(image):
                cause = "no such file" if fits else "expected path, fine number, coarse number"
                problems.add("unusable rows", f"{file}: row {number}: {', '.join(fields)}: {cause}")
                continue
            of_split.append(image)
            numbers.append((first, second))
        of_split, numbers = _each_once(file, of_split, numbers, problems)
        paths += of_split
        fine += [first for first, _ in numbers]
        coarse += [second for _, second in numbers]
        splits[split] = np.arange(start, len(paths))
    if not paths:
        raise UnreadableDataError(f"{root}: expected train.txt, val.txt or test.txt with photos")
    if labels == "both":
        targets = np.zeros((len(paths), len(fine_names) + len(coarse_names)), np.int64)
        rows = np.arange(len(paths))
        targets[rows, fine] = 1
        targets[rows, np.array(coarse) + len(fine_names)] = 1
        names = [*fine_names, *(f"{name} (coarse)" for name in coarse_names)]
    else:
        targets = np.array(fine if labels == "fine" else coarse, np.int64)
        names = fine_names if labels == "fine" else coarse_names
    return ImageDataset(ImageFiles(paths, root=root), targets, names, splits, problems)


def _each_once(
    file: Path, paths: list[Path], labels: list[T], problems: Problems
) -> tuple[list[Path], list[T]]:
    """Images that are listed twice once, and none of which the labels differ."""
    said: dict[Path, T] = {}
    contradictory = set()
    for path, of_row in zip(paths, labels, strict=True):
        if path not in said:
            said[path] = of_row
        elif said[path] == of_row:
            problems.note("images listed twice", f"{file}: {path}")
        else:
            contradictory.add(path)
    for path in sorted(contradictory):
        problems.note("photos with contradictory labels", f"{file}: {path} is listed with several")
        del said[path]
    return list(said), list(said.values())


def _grocery_names(file: Path) -> tuple[list[str], list[str]]:
    """Names of the fine and of the coarse classes, by number."""
    fine: dict[int, str] = {}
    coarse: dict[int, str] = {}
    for number, fields in csv_rows(file):
        try:
            if number > 1:
                fine[int(fields[1])] = fields[0]
                coarse[int(fields[3])] = fields[2]
        except (ValueError, IndexError):
            raise UnreadableDataError(
                f"{file}: row {number}: expected name, number, coarse name, coarse number"
            ) from None
    for names in (fine, coarse):
        if not names or sorted(names) != list(range(len(names))):
            raise UnreadableDataError(f"{file}: expected classes numbered from 0 without gaps")
    return [fine[k] for k in range(len(fine))], [coarse[k] for k in range(len(coarse))]

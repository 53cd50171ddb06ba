"""The Grocery Store Dataset: photos listed in text files, with fine and coarse classes."""

from pathlib import Path
from typing import Literal

import numpy as np

from src.load.class_names import distinct_names
from src.load.dataset import ImageDataset, Items
from src.load.errors import UnreadableDataError
from src.load.files import is_file
from src.load.listed.table import read_table
from src.load.problems import Problems
from src.load.sources import ImageFiles

Labels = Literal["both", "fine", "coarse"]

Listed = tuple[tuple[str, int], Path, tuple[int, int]]
"""A row: its file and number, its image, numbers of its fine and coarse class."""


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
    items: list[tuple[str, int]] = []
    account = problems.account("rows")
    for split, name in (("train", "train"), ("validation", "val"), ("test", "test")):
        file, start = root / f"{name}.txt", len(paths)
        if not file.is_file():
            continue
        listed: list[Listed] = []
        for number, fields in read_table(file):
            account.find([(file.name, number)])
            try:
                image, first, second = root / fields[0], int(fields[1]), int(fields[2])
                fits = 0 <= first < len(fine_names) and 0 <= second < len(coarse_names)
            except (ValueError, IndexError):
                fits = False
            if not fits or not is_file(image):
                cause = "no such file" if fits else "expected path, fine number, coarse number"
                text = f"{file}: row {number}: {', '.join(fields)}: {cause}"
                problems.leave_out("rows", (file.name, number), "unusable rows", text)
                continue
            listed.append(((file.name, number), image, (first, second)))
        for item, image, (first, second) in _each_once(file, listed, problems):
            items.append(item)
            account.set(item, "used", "photos")
            paths.append(image)
            fine.append(first)
            coarse.append(second)
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
    images = ImageFiles(paths, root=root)
    made_of = [
        Items("rows", [(item,) for item in items]),
        Items("files", [(path,) for path in paths]),
    ]
    return ImageDataset(images, targets, distinct_names(names), splits, problems, made_of)


def _each_once(file: Path, listed: list[Listed], problems: Problems) -> list[Listed]:
    """Images that are listed twice once, and none of which the numbers differ."""
    numbers: dict[Path, set[tuple[int, int]]] = {}
    for _, image, of_row in listed:
        numbers.setdefault(image, set()).add(of_row)
    kept: dict[Path, Listed] = {}
    for entry in listed:
        item, image, _ = entry
        place = f"{file}: row {item[1]}: {image}"
        if len(numbers[image]) > 1:
            kind = "photos with contradictory labels"
            problems.leave_out("rows", item, kind, f"{place} is listed with several")
        elif image in kept:
            problems.leave_out("rows", item, "images listed twice", f"{place} is listed before")
        else:
            kept[image] = entry
    return list(kept.values())


def _grocery_names(file: Path) -> tuple[list[str], list[str]]:
    """Names of the fine and of the coarse classes, by number."""
    fine: dict[int, str] = {}
    coarse: dict[int, str] = {}
    for number, fields in read_table(file):
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

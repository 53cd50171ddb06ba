"""Reading a data set that a CSV file lists."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from src.load.account import Status
from src.load.class_names import distinct_names
from src.load.dataset import ImageDataset, Items, one_split
from src.load.errors import UnreadableDataError
from src.load.image_kinds import EXTENSIONS
from src.load.listed.cells import SEPARATORS, label_names, sorted_names
from src.load.listed.columns import Columns, understand
from src.load.listed.finder import FileFinder
from src.load.listed.header import has_header, without_header
from src.load.listed.rows import UNDERSTOOD, RowReader, Sample
from src.load.listed.table import Row, read_table
from src.load.problems import Problems
from src.load.sources import ImageFiles


def read_image_csv(
    path: str | Path,
    problems: Problems | None = None,
    *,
    objects: bool = True,
    label_column: str | None = None,
    label_separator: str | None = None,
) -> ImageDataset:
    """Read a CSV file that lists images and their labels.

    Columns are found by their names (see ``columns``): a path, a label, or several columns of 0
    and 1 each called as a label, a split, a box. Without a header the order is
    ``path,label[,label...]``. Paths are found by ``FileFinder``, relative to the CSV file first.

    An image that is listed twice counts once, and not at all if its labels differ. With one label
    in every row the data set has classes; where rows have several it has labels. A row without a
    label, where all others have one, is left out. Classes are sorted by name. Every row is
    accounted for, see ``Problems.accounts``.

    Args:
        path: the CSV file.
        problems: where to file rows that cannot be used.
        objects: of a table of boxes, one sample a box; else whole images with all their labels.
        label_column: name of the column of labels, where its name does not say so.
        label_separator: what separates several labels in a cell: "comma", "semicolon", "pipe" or
            "space"; None to tell it where it is certain.

    Raises:
        UnreadableDataError: no such file, not text, no column of paths or of labels, or no usable
            row; with the first cause.
    """
    path, problems = Path(path), problems if problems is not None else Problems()
    rows = read_table(path)
    finder = FileFinder(path)
    columns, rows = _understood(path, rows, finder, label_column)
    for text in columns.said:
        problems.note(UNDERSTOOD, f"{path}: {text}")
    problems.account("rows").find(row.number for row in rows)
    reader = RowReader(path, finder, columns, problems)
    samples = reader.samples(rows, label_separator and SEPARATORS[label_separator])
    if not samples:
        raise UnreadableDataError(_none_usable(path, rows, finder, problems))
    samples = _each_once(path, samples, problems)
    if not samples:
        raise UnreadableDataError(f"{path}: no row can be used{problems.first_cause()}")
    return _dataset(path, samples, columns, objects and bool(columns.corners), problems)


def _understood(
    path: Path, rows: list[Row], finder: FileFinder, label_column: str | None
) -> tuple[Columns, list[Row]]:
    """The meaning of the columns, and the rows below the header if there is one."""

    def exists(cell: str) -> bool:
        return finder.find(cell) is not None

    if not rows:
        raise UnreadableDataError(f"{path}: expected rows path,label[,label...], found none")
    if label_column is not None or has_header(rows, exists):
        header, rows = rows[0].fields, rows[1:]
        if not rows:
            raise UnreadableDataError(
                f"{path}: expected rows path,label[,label...], found none below the header"
            )
        return understand(path, header, rows, exists, label_column), rows
    return without_header(path, rows), rows


def _none_usable(path: Path, rows: Sequence[Row], finder: FileFinder, problems: Problems) -> str:
    """Why a table has no sample."""
    missing = problems.account("rows").counts()["left out"]["missing images"]
    if missing:
        first = next(problem for problem in problems.found if problem.kind == "missing images")
        return (
            f"{path}: none of {len(rows)} rows can be used, of {missing} no file was found; the "
            f"first: {first.text.removeprefix(f'{path}: ')}; looked in {finder.looked_in()}; "
            "names without a suffix with .jpg, .png and others"
        )
    return f"{path}: expected rows path,label[,label...], found none{problems.first_cause()}"


def _each_once(file: Path, samples: list[Sample], problems: Problems) -> list[Sample]:
    """Images that are listed twice once, and none of which the labels differ."""
    first: dict[tuple[object, ...], Sample] = {}
    labels: dict[tuple[object, ...], set[tuple[str, ...]]] = {}
    for sample in samples:
        here = (sample.path, sample.edges)
        labels.setdefault(here, set()).add(tuple(sorted(sample.labels)))
    kept = []
    for sample in samples:
        here, place = (sample.path, sample.edges), f"{file}: row {sample.row}: {sample.path}"
        if len(labels[here]) > 1:
            kind = "photos with contradictory labels"
            problems.leave_out("rows", sample.row, kind, f"{place} is listed with several")
        elif (*here, sample.split) in first:
            kind = "images listed twice"
            problems.leave_out("rows", sample.row, kind, f"{place} is listed before")
        else:
            first[(*here, sample.split)] = sample
            kept.append(sample)
    return kept


def _dataset(
    path: Path, samples: list[Sample], columns: Columns, objects: bool, problems: Problems
) -> ImageDataset:
    if columns.one_hot:
        classes = list(columns.one_hot)
        numbers = {name: number for number, name in enumerate(classes)}
    else:
        try:
            names = label_names([sample.labels for sample in samples])
        except ValueError as error:
            raise UnreadableDataError(f"{path}: {error}") from None
        classes = sorted_names(list(names.values()))
        places = {name: number for number, name in enumerate(classes)}
        numbers = {label: places[name] for label, name in names.items()}
        if len(classes) < len(names):
            text = (
                f"{path}: {len(names)} spellings of labels are {len(classes)} classes, as 1.0 and 1"
            )
            problems.note(UNDERSTOOD, text)
        classes = distinct_names(classes)
    _note_unlisted(samples, problems)
    rows = problems.account("rows")
    for sample in samples:
        what = "boxes" if sample.edges else "photos without a box" if columns.corners else "photos"
        status: Status = "passed over" if objects and sample.edges is None else "used"
        rows.set(sample.row, status, what)
    if objects:
        samples = [sample for sample in samples if sample.edges is not None]
    items: list[list[int]] = [[sample.row] for sample in samples]
    if columns.corners and not objects:
        samples, items = _whole_images(samples)
    targets = _targets(samples, numbers, classes, columns)
    if len(columns.one_hot) == 1:
        classes = [f"not {classes[0]}", classes[0]]
    boxes = np.array([sample.edges for sample in samples]) if objects else None
    images = ImageFiles([sample.path for sample in samples], boxes, path.parent)
    splits = _splits(samples)
    return ImageDataset(images, targets, classes, splits, problems, [Items("rows", items)])


def _note_unlisted(samples: Sequence[Sample], problems: Problems) -> None:
    """Point out images that lie beside those of the table, and that no row names."""
    named: dict[str, set[str]] = {}
    for sample in samples:
        folder, name = os.path.split(sample.path)
        named.setdefault(folder, set()).add(name)
    for folder, names in named.items():
        others = [
            name
            for name in sorted(os.listdir(folder))
            if name not in names and os.path.splitext(name)[1].lower() in EXTENSIONS
        ]
        if others:
            text = f"{folder}: {len(others)}, such as {others[0]}"
            problems.note("images beside that no used row names", text)


def _whole_images(samples: list[Sample]) -> tuple[list[Sample], list[list[int]]]:
    """A sample a photo, with the labels of all its boxes; and the rows of each."""
    merged: dict[tuple[str, str], Sample] = {}
    rows: dict[tuple[str, str], list[int]] = {}
    for sample in samples:
        key = (sample.path, sample.split)
        before = merged.get(key, Sample(sample.row, sample.path, (), sample.split))
        labels = tuple(dict.fromkeys([*before.labels, *sample.labels]))
        merged[key] = Sample(before.row, sample.path, labels, sample.split)
        rows.setdefault(key, []).append(sample.row)
    return list(merged.values()), list(rows.values())


def _targets(
    samples: list[Sample], numbers: dict[str, int], classes: list[str], columns: Columns
) -> NDArray[np.int64]:
    """(samples,) class numbers where each has one label, else (samples, labels) of 0 and 1."""
    if len(columns.one_hot) == 1:  # yes or no
        return np.array([len(sample.labels) for sample in samples], np.int64)
    boxes = columns.corners and samples[0].edges is None
    if all(len(sample.labels) == 1 for sample in samples) and not boxes:
        return np.array([numbers[sample.labels[0]] for sample in samples], np.int64)
    targets = np.zeros((len(samples), len(classes)), np.int64)
    for row, sample in enumerate(samples):
        targets[row, [numbers[label] for label in sample.labels]] = 1
    return targets


def _splits(samples: list[Sample]) -> dict[str, NDArray[np.intp]]:
    if not any(sample.split for sample in samples):
        return one_split(len(samples))
    rows: dict[str, list[int]] = {}
    for row, sample in enumerate(samples):
        rows.setdefault(sample.split, []).append(row)
    order = [split for split in ("train", "validation", "test") if split in rows]
    return {split: np.array(rows[split], np.intp) for split in order}

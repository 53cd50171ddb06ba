"""Reading a data set that a CSV file lists."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from src.load.class_names import distinct_names
from src.load.dataset import ImageDataset, one_split
from src.load.errors import UnreadableDataError
from src.load.image_kinds import EXTENSIONS
from src.load.images import image_size
from src.load.listed.cells import (
    SEPARATORS,
    is_blank,
    label_names,
    list_cell,
    separator_of,
    sorted_names,
    split_cell,
)
from src.load.listed.columns import (
    MINUS,
    NO,
    YES,
    Columns,
    has_header,
    understand,
    without_header,
)
from src.load.listed.finder import FileFinder
from src.load.listed.table import Row, read_table
from src.load.problems import Problems
from src.load.sources import ImageFiles
from src.load.split_names import split_name

UNDERSTOOD = "how the table was understood"
"""A kind of problem."""


class Sample(NamedTuple):
    """What a row says.

    Attributes:
        row: its number.
        path: of the image.
        labels: none where it has none.
        split: name of the split; "" where the table has none.
        edges: left, top, right, bottom as fractions; None for a whole image.
    """

    row: int
    path: str
    labels: tuple[str, ...]
    split: str = ""
    edges: tuple[float, ...] | None = None


class _RowError(ValueError):
    """A row that cannot be used: kind of problem, and cause."""

    def __init__(self, kind: str, cause: str) -> None:
        super().__init__(cause)
        self.kind = kind


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
    reader = _Reader(path, finder, columns, problems)
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


class _Reader:
    """Makes samples of rows; files those that cannot be used."""

    def __init__(
        self, path: Path, finder: FileFinder, columns: Columns, problems: Problems
    ) -> None:
        self.path = path
        self.finder = finder
        self.columns = columns
        self.problems = problems
        self._sizes: dict[str, tuple[int, int]] = {}
        self._fractions = False
        self._yes_or_no = YES | NO

    def samples(self, rows: Sequence[Row], separator: str | None) -> list[Sample]:
        """A sample of each row that can be used.

        Args:
            rows: of the table.
            separator: what the user says to be between labels in a cell.
        """
        columns = self.columns
        cells = [_cells(row, columns) for row in rows]
        self._fractions = self._boxes_are_fractions(rows)
        if columns.one_hot:
            given = {cell.lower() for of_row in cells for cell in of_row}
            self._yes_or_no = YES | NO if given & NO else YES | MINUS
        elif lists := self._lists(cells):
            cells, separator = lists, None
        elif separator is None and len(columns.labels) == 1:
            separator = self._separator([cell for of_row in cells for cell in of_row])
        found = []
        for row, of_row in zip(rows, cells, strict=True):
            try:
                found.append(self._sample(row, of_row, separator))
            except _RowError as error:
                self._leave_out(row.number, error.kind, str(error))
        several = bool(columns.one_hot) or any(len(s.labels) > 1 for s in found)
        kept = []
        for sample in found:
            if sample.labels or several or (columns.corners and sample.edges is None):
                kept.append(sample)
            else:
                self._leave_out(
                    sample.row, "rows without a label", "has no label, and others have one"
                )
        return kept if any(sample.labels for sample in kept) else []

    def _separator(self, cells: list[str]) -> str | None:
        """What is between labels in a cell where that is certain; says so."""
        separator = separator_of(cells, self.columns.several, self.columns.tags)
        if separator:
            shown = {text: name for name, text in SEPARATORS.items()}[separator]
            self._say(f"cells hold several labels, with a {shown} between them")
        elif self.columns.several and any(" " in cell for cell in cells):
            self._say("spaces in cells belong to the names; --label-separator space parts them")
        return separator

    def _lists(self, cells: list[list[str]]) -> list[list[str]]:
        """The labels of cells that hold lists, ['cat', 'dog'], as a cell each; else nothing."""
        given = [cell for of_row in cells for cell in of_row if not is_blank(cell)]
        if not given or not all(cell.startswith("[") and cell.endswith("]") for cell in given):
            return []
        try:
            return [[label for cell in of_row for label in list_cell(cell)] for of_row in cells]
        except ValueError as error:
            raise UnreadableDataError(f"{self.path}: {error}") from None

    def _sample(self, row: Row, cells: list[str], separator: str | None) -> Sample:
        columns = self.columns
        if columns.count and any(row.fields[columns.count :]):
            raise _RowError(
                "rows with more fields than the header",
                f"has {len(row.fields)} fields, and the header {columns.count}",
            )
        name = row.fields[columns.path] if columns.path < len(row.fields) else ""
        if "\n" in name or any("\n" in cell for cell in cells):
            raise UnreadableDataError(
                f"{self.path}: row {row.number}: a path or label goes on over several lines; is a "
                "quote not closed?"
            )
        split = self._split(row)
        if is_blank(name):
            raise _RowError("rows without a path", "has no path")
        if columns.folder is not None and columns.folder < len(row.fields):
            name = f"{row.fields[columns.folder]}/{name}"
        value = "" if columns.split is None else row.fields[columns.split]
        image = self.finder.find(name, (value, split, *cells))
        if image is None:
            several = self.finder.several(name)
            cause = f"may be {' or '.join(several)}" if several else "no such file"
            raise _RowError("missing images", f"{name}: {cause}")
        labels = self._labels(cells, separator)
        edges = self._edges(row, image) if columns.corners else None
        if labels and columns.corners and edges is None:
            raise _RowError("unusable boxes", "has a label and no box")
        return Sample(row.number, image, tuple(labels), split, edges)

    def _labels(self, cells: list[str], separator: str | None) -> list[str]:
        if self.columns.one_hot:
            values = [cell.lower() for cell in cells]
            for name, value in zip(self.columns.one_hot, values, strict=True):
                if value not in self._yes_or_no:
                    raise _RowError(
                        "rows without a label", f"{name}: expected 0 or 1, got {value!r}"
                    )
            flags = zip(self.columns.one_hot, values, strict=True)
            return [name for name, value in flags if value in YES]
        given = [cell for cell in cells if not is_blank(cell)]
        if separator:
            given = [part for cell in given for part in split_cell(cell, separator)]
        return list(dict.fromkeys(given))

    def _split(self, row: Row) -> str:
        columns = self.columns
        if columns.flags:
            return self._split_of_flags(row)
        if columns.split is None:
            return ""
        value = row.fields[columns.split] if columns.split < len(row.fields) else ""
        split = split_name(value)
        if split is None:
            raise _RowError(
                "rows without a split", f"expected train, val or test as its split, got {value!r}"
            )
        return split

    def _split_of_flags(self, row: Row) -> str:
        """The split that one of several columns says yes to; train where none does."""
        flags = self.columns.flags
        values = {k: row.fields[k].lower() if k < len(row.fields) else "" for k in flags}
        yes = [split for k, split in flags.items() if values[k] in YES]
        if not set(values.values()) <= YES | NO or len(yes) > 1:
            given = ", ".join(f"{value!r}" for value in values.values())
            raise _RowError(
                "rows without a split", f"expected one yes among its splits, got {given}"
            )
        if yes:
            return yes[0]
        others = [split for split in ("validation", "test") if split not in flags.values()]
        return others[0] if "train" in flags.values() and others else "train"

    def _boxes_are_fractions(self, rows: Sequence[Row]) -> bool:
        """Whether all corners are within 0 to 1, and not all of them whole."""
        values = [
            value
            for row in rows
            for value in (_number(row, column) for column in self.columns.corners)
            if value is not None
        ]
        return bool(values) and max(values) <= 1 and not all(map(float.is_integer, values))

    def _edges(self, row: Row, image: str) -> tuple[float, ...] | None:
        """The box as fractions; None where the row has none."""
        cells = [row.fields[c] if c < len(row.fields) else "" for c in self.columns.corners]
        if all(map(is_blank, cells)):
            return None
        numbers = [_number(row, column) for column in self.columns.corners]
        if any(number is None for number in numbers):
            raise _RowError("unusable boxes", f"expected four numbers as its box, got {cells}")
        left, top, right, bottom = (float(number) for number in numbers if number is not None)
        if not (left < right and top < bottom):
            raise _RowError("unusable boxes", f"its box has no area: {', '.join(cells)}")
        width, height = (1, 1) if self._fractions else self._size(row, image)
        edges = (left / width, top / height, right / width, bottom / height)
        cut = tuple(min(max(edge, 0.0), 1.0) for edge in edges)
        if max(edges) > 1.05 or min(edges) < -0.05 or cut[0] >= cut[2] or cut[1] >= cut[3]:
            raise _RowError(
                "unusable boxes",
                f"its box {', '.join(cells)} is outside of the photo of {width} x {height} pixels",
            )
        return cut

    def _size(self, row: Row, image: str) -> tuple[int, int]:
        """Width and height of the photo: as the row says, else as the file does."""
        said = [_number(row, column) for column in self.columns.size]
        if len(said) == 2 and said[0] and said[1]:
            return int(said[0]), int(said[1])
        if image not in self._sizes:
            try:
                self._sizes[image] = image_size(Path(image))
            except UnreadableDataError as error:
                raise _RowError("unreadable images", str(error)) from None
        return self._sizes[image]

    def _leave_out(self, row: int, kind: str, cause: str) -> None:
        self.problems.leave_out("rows", row, kind, f"{self.path}: row {row}: {cause}")

    def _say(self, text: str) -> None:
        self.problems.note(UNDERSTOOD, f"{self.path}: {text}")


def _cells(row: Row, columns: Columns) -> list[str]:
    """The cells of labels."""
    return [row.fields[c] if c < len(row.fields) else "" for c in columns.labels]


def _number(row: Row, column: int) -> float | None:
    try:
        number = float(row.fields[column])
    except (ValueError, IndexError):
        return None
    return number if np.isfinite(number) else None


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
            text = f"{path}: {len(names)} spellings are {len(classes)} classes, as 1 and 1.0"
            problems.note(UNDERSTOOD, text)
        classes = distinct_names(classes)
    _note_unlisted(samples, problems)
    rows = problems.account("rows")
    for sample in samples:
        what = "boxes" if sample.edges else "photos without a box" if columns.corners else "photos"
        rows.set(sample.row, "used", what)
    if objects:
        samples = [sample for sample in samples if sample.edges is not None]
    items = [sample.row for sample in samples]
    if columns.corners and not objects:
        samples, items = _whole_images(samples)
    targets = _targets(samples, numbers, classes, columns)
    if len(columns.one_hot) == 1:
        classes = [f"not {classes[0]}", classes[0]]
    boxes = np.array([sample.edges for sample in samples]) if objects else None
    images = ImageFiles([sample.path for sample in samples], boxes, path.parent)
    splits = _splits(samples)
    return ImageDataset(images, targets, classes, splits, problems, ("rows", items))


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


def _whole_images(samples: list[Sample]) -> tuple[list[Sample], list[int]]:
    """A sample a photo, with the labels of all its boxes; the item is its first row."""
    merged: dict[tuple[str, str], Sample] = {}
    for sample in samples:
        key = (sample.path, sample.split)
        before = merged.get(key, Sample(sample.row, sample.path, (), sample.split))
        labels = tuple(dict.fromkeys([*before.labels, *sample.labels]))
        merged[key] = Sample(before.row, sample.path, labels, sample.split)
    return list(merged.values()), [sample.row for sample in merged.values()]


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

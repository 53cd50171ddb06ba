"""From rows to samples: what each row says, or why it cannot be used."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from src.load.errors import UnreadableDataError
from src.load.listed.boxes import RowBoxes
from src.load.listed.cells import SEPARATORS, is_blank, list_cell, separator_of, split_cell
from src.load.listed.column_names import MINUS, NO, YES
from src.load.listed.columns import Columns
from src.load.listed.finder import FileFinder
from src.load.listed.row_error import RowError
from src.load.listed.table import Row
from src.load.problems import Problems
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


class RowReader:
    """Makes samples of rows; files those that cannot be used.

    Args:
        path: of the table, for messages.
        finder: of its images.
        columns: what they mean.
        problems: where rows are filed.
    """

    def __init__(
        self, path: Path, finder: FileFinder, columns: Columns, problems: Problems
    ) -> None:
        self.path = path
        self.finder = finder
        self.columns = columns
        self.problems = problems
        self._boxes = RowBoxes(columns, [])
        self._yes_or_no = YES | NO

    def samples(self, rows: Sequence[Row], separator: str | None) -> list[Sample]:
        """A sample of each row that can be used.

        Args:
            rows: of the table.
            separator: what the user says to be between labels in a cell.
        """
        columns = self.columns
        cells = [_cells(row, columns) for row in rows]
        self._boxes = RowBoxes(columns, rows)
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
            except RowError as error:
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
            raise RowError(
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
            raise RowError("rows without a path", "has no path")
        if columns.folder is not None and columns.folder < len(row.fields):
            name = f"{row.fields[columns.folder]}/{name}"
        value = "" if columns.split is None else row.fields[columns.split]
        image = self.finder.find(name, (value, split, *cells))
        if image is None:
            several = self.finder.several(name)
            cause = f"may be {' or '.join(several)}" if several else "no such file"
            raise RowError("missing images", f"{name}: {cause}")
        labels = self._labels(cells, separator)
        edges = self._boxes.edges(row, image) if columns.corners else None
        if labels and columns.corners and edges is None:
            raise RowError("unusable boxes", "has a label and no box")
        return Sample(row.number, image, tuple(labels), split, edges)

    def _labels(self, cells: list[str], separator: str | None) -> list[str]:
        if self.columns.one_hot:
            values = [cell.lower() for cell in cells]
            for name, value in zip(self.columns.one_hot, values, strict=True):
                if value not in self._yes_or_no:
                    raise RowError(
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
            raise RowError(
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
            raise RowError(
                "rows without a split", f"expected one yes among its splits, got {given}"
            )
        if yes:
            return yes[0]
        others = [split for split in ("validation", "test") if split not in flags.values()]
        return others[0] if "train" in flags.values() and others else "train"

    def _leave_out(self, row: int, kind: str, cause: str) -> None:
        self.problems.leave_out("rows", row, kind, f"{self.path}: row {row}: {cause}")

    def _say(self, text: str) -> None:
        self.problems.note(UNDERSTOOD, f"{self.path}: {text}")


def _cells(row: Row, columns: Columns) -> list[str]:
    """The cells of labels."""
    return [row.fields[c] if c < len(row.fields) else "" for c in columns.labels]

"""Which column of a table plays which part: by its name, and where that says little, its values."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from src.load.errors import UnreadableDataError
from src.load.listed.column_names import (
    BARE_FLAGS,
    CENTERS,
    CORNERS,
    FLAGS,
    FOLDERS,
    INDICES,
    LABELS,
    MINUS,
    NO,
    OTHER_BOXES,
    PATHS,
    SIZES,
    SPLITS,
    YES,
    is_number,
    plain,
)
from src.load.listed.table import Row
from src.load.split_names import split_name

LOOKED_AT = 50
"""Cells of a column that are looked up as files."""

FEW = 10
"""Rows below which no value needs to come again."""

MOSTLY = 0.9
"""Fraction of a column's values from which on the others are mistakes."""


class Roles:
    """The columns of a table with a header, asked for their parts.

    Args:
        file: of the table, for messages.
        header: names of the columns, as they are written.
        rows: below it.

    Attributes:
        names: of the columns, in plain form.
        values: of each column.
    """

    def __init__(self, file: Path, header: Sequence[str], rows: Sequence[Row]) -> None:
        self.file = file
        self.header = header
        self.names = [plain(cell) for cell in header]
        self.values = [
            [row.fields[k] if k < len(row.fields) else "" for row in rows]
            for k in range(len(header))
        ]

    def path(self, exists: Callable[[str], bool]) -> int:
        """The column of paths: of those so named, that which names files, else any that does.

        Raises UnreadableDataError where there is none.
        """
        named = [k for k, name in enumerate(self.names) if name in PATHS]
        named.sort(key=lambda k: PATHS.index(self.names[k]))
        found = {
            k: sum(map(exists, [value for value in self.values[k] if value][:LOOKED_AT]))
            for k in (named or range(len(self.names)))
        }
        best = max(found, key=lambda k: found[k], default=None)
        if best is not None and (found[best] or named):
            return best
        raise UnreadableDataError(
            f"{self.file}: found no column of paths: expected one called path, file, filename, "
            f"image or id, or one whose cells name files; the columns are {self._columns()}"
        )

    def folder(self, path: int) -> int | None:
        """The column of the folders that images lie in."""
        return next((k for k, n in enumerate(self.names) if n in FOLDERS and k != path), None)

    def split(self, path: int) -> int | None:
        """The column whose values name splits; rows with other values are left out later."""
        for k, name in enumerate(self.names):
            if k == path or name not in SPLITS:
                continue
            given = Counter(value for value in self.values[k] if value)
            known = {value: count for value, count in given.items() if split_name(value)}
            several = len({split_name(value) for value in known}) > 1
            if known and (several or sum(known.values()) >= MOSTLY * given.total()):
                return k
        return None

    def flags(self, path: int, label_column: str | None) -> dict[int, str]:
        """Columns of yes and no, each for a split.

        One called test may be a label, unless another column holds the labels.
        """
        others = label_column is not None or any(
            name in LABELS and any(self.values[k]) for k, name in enumerate(self.names)
        )
        meanings = {**FLAGS, **BARE_FLAGS} if others else FLAGS
        return {
            k: meanings[name]
            for k, name in enumerate(self.names)
            if k != path
            and name in meanings
            and {value.lower() for value in self.values[k] if value} <= YES | NO
        }

    def corners(self) -> list[int]:
        """The columns of left, upper, right and lower edge of boxes; none where there are none.

        Raises UnreadableDataError for boxes in a form of which nobody knows what it means.
        """
        for names in CORNERS:
            if set(names) <= set(self.names):
                columns = [self.names.index(name) for name in names]
                if not all(_yes_or_no(self.values[k]) for k in columns):
                    return columns
        other = [name for name in self.names if name in OTHER_BOXES]
        if other or any(set(names) <= set(self.names) for names in CENTERS):
            shown = ", ".join(map(repr, other or ["x", "y", "width", "height"]))
            raise UnreadableDataError(
                f"{self.file}: the columns {shown} seem to be boxes: expected xmin, ymin, xmax and "
                "ymax, the left, upper, right and lower edge; write them so, or leave the columns "
                "out"
            )
        return []

    def size(self) -> list[int]:
        """The columns of width and height of the photo."""
        names = next((names for names in SIZES if set(names) <= set(self.names)), ())
        return [self.names.index(name) for name in names]

    def identifiers(self) -> set[int]:
        """Columns that number the rows, or name each of them."""
        return {
            k
            for k, name in enumerate(self.names)
            if (name.rstrip("0123456789") in INDICES and self._numbers_rows(k))
            or (name in PATHS and self._tells_rows_apart(k))
        }

    def labels(self, rest: Sequence[int], told: str | None) -> tuple[list[int], list[str]]:
        """Columns of labels, and what they stand for where each says yes or no.

        Args:
            rest: columns that have no other part.
            told: name of the column, where the user tells it.

        Raises UnreadableDataError where there are none, or several that say different things.
        """
        if told is not None:
            if told not in self.header:
                raise UnreadableDataError(
                    f"{self.file}: has no column {told!r}, but {self._columns()}"
                )
            return [self.header.index(told)], []
        named = [k for k in rest if self.names[k] in LABELS and any(self.values[k])]
        if named:
            return [self._one_of(named)], []
        others = [k for k in rest if self.names[k] not in SPLITS]
        flags = [k for k in others if _yes_or_no(self.values[k])]
        if len(flags) > 1:
            return flags, [self.header[k] or f"column {k + 1}" for k in flags]
        able = [k for k in others if not self._tells_rows_apart(k)]
        if len(rest) == 1 and len(self.values[0]) < FEW and not self._is_numeric(rest[0]):
            able = list(rest)  # each may have a label of its own
        if len(able) == 1:
            return able, [self.header[able[0]]] if able == flags else []
        if not rest:
            raise UnreadableDataError(
                f"{self.file}: expected rows path,label[,label...], found none: none of the "
                f"columns {self._columns()} is left for labels; --label-column NAME says which"
            )
        raise UnreadableDataError(
            f"{self.file}: found no column of labels: expected one called label, class, category, "
            f"target or tags, or columns of 0 and 1; the columns are {self._columns()}; "
            "--label-column NAME says which"
        )

    def _one_of(self, named: Sequence[int]) -> int:
        """Of several columns of labels that say the same, that with names instead of numbers."""
        first = named[0]
        for other in named[1:]:
            pairs = set(zip(self.values[first], self.values[other], strict=True))
            if not len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}):
                raise UnreadableDataError(
                    f"{self.file}: {self.header[first]!r} and {self.header[other]!r} are both "
                    "called as labels are, and say different things: --label-column NAME says "
                    "which to learn"
                )
        return next((k for k in named if not self._is_numeric(k)), first)

    def _columns(self) -> str:
        return ", ".join(map(repr, self.header))

    def _is_numeric(self, column: int) -> bool:
        given = [value for value in self.values[column] if value]
        return bool(given) and all(map(is_number, given))

    def _tells_rows_apart(self, column: int) -> bool:
        given = [value for value in self.values[column] if value]
        return len(set(given)) == len(given)

    def _numbers_rows(self, column: int) -> bool:
        whole = all(value.isdecimal() for value in self.values[column] if value)
        return whole and self._tells_rows_apart(column)


def _yes_or_no(values: Sequence[str]) -> bool:
    """Whether a column says yes or no, but for a few mistakes."""
    given = [value.lower() for value in values if value]
    if set(given) <= YES | MINUS:
        return bool(given)
    return sum(value in YES or value in NO for value in given) >= MOSTLY * len(given)

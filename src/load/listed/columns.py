"""What the columns of a table mean: by their names; where these say nothing, by their values."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from src.load.class_names import distinct_names
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
    SEVERAL,
    SIZES,
    SPLITS,
    YES,
    is_number,
    plain,
)
from src.load.listed.table import Row
from src.load.split_names import split_name

FEW = 10
"""Rows below which no value needs to come again."""

MOSTLY = 0.9
"""Fraction of a column's values from which on the others are mistakes."""


@dataclass(frozen=True)
class Columns:
    """Numbers of columns, by their meaning.

    Attributes:
        path: of the image.
        labels: columns of labels, or of yes and no.
        one_hot: names of the labels where each column says yes or no to one.
        several: whether the name of the one column announces several labels in a cell.
        tags: whether it is called tags, which are words.
        folder: of the folder of the image; None where there is none.
        split: whose values name splits; None where there is none.
        flags: columns of yes and no, and the split that yes means.
        corners: left, top, right, bottom of a box; empty where there are none.
        size: width and height of the photo.
        count: of all columns; 0 where rows may have any number.
        said: what a user should know of how the table was understood.
    """

    path: int
    labels: Sequence[int] = ()
    one_hot: Sequence[str] = ()
    several: bool = False
    tags: bool = False
    folder: int | None = None
    split: int | None = None
    flags: Mapping[int, str] = field(default_factory=dict)
    corners: Sequence[int] = ()
    size: Sequence[int] = ()
    count: int = 0
    said: list[str] = field(default_factory=list)


def understand(
    file: Path,
    header: Sequence[str],
    rows: Sequence[Row],
    exists: Callable[[str], bool],
    label_column: str | None = None,
) -> Columns:
    """The meaning of the columns of a table with a header.

    Args:
        file: of the table, for messages.
        header: names of the columns.
        rows: below it.
        exists: whether a cell names an image.
        label_column: name of the column of labels, where the user tells it.

    Raises UnreadableDataError where paths or labels cannot be told.
    """
    names = [plain(cell) for cell in header]
    values = [
        [row.fields[k] if k < len(row.fields) else "" for row in rows] for k in range(len(header))
    ]
    path = _path_column(file, header, names, values, exists)
    said: list[str] = []
    if names[path] not in PATHS:
        said.append(f"{header[path]!r} is taken for the path: its cells name files")
    has_labels = label_column is not None or any(
        name in LABELS and any(values[k]) for k, name in enumerate(names)
    )
    split = _split_column(names, values, path)
    flags = _flag_columns(names, values, path, bare=has_labels) if split is None else {}
    for k in [*([split] if split is not None else []), *flags]:
        said.append(f"{header[k]!r} is taken for the split")
    folder = next((k for k, n in enumerate(names) if n in FOLDERS and k != path), None)
    corners = _corner_columns(file, header, names, values)
    size = next((s for s in SIZES if set(s) <= set(names)), ()) if corners else ()
    explained = {path, *flags, *(names.index(name) for name in (*corners, *size))}
    explained |= {k for k in (split, folder) if k is not None}
    explained |= {
        k
        for k, name in enumerate(names)
        if (name.rstrip("0123456789") in INDICES and _numbers_rows(values[k]))
        or (name in PATHS and _own_values(values[k]))
    }
    rest = [k for k in range(len(header)) if k not in explained]
    labels, one_hot = _label_columns(file, header, names, values, rest, label_column)
    if len(labels) == 1 and not one_hot and not label_column and names[labels[0]] not in LABELS:
        said.append(f"{header[labels[0]]!r} is taken for the label, the only column that can be")
    ignored = [repr(header[k]) for k in rest if k not in labels]
    if ignored:
        shown = ", ".join(ignored[:8]) + (", ..." if len(ignored) > 8 else "")
        said.append(f"not learned, since nothing is known of them: {shown}")
    return Columns(
        path,
        labels,
        distinct_names(one_hot),
        len(labels) == 1 and names[labels[0]] in SEVERAL,
        len(labels) == 1 and names[labels[0]] == "tags",
        folder,
        split,
        flags,
        [names.index(name) for name in corners],
        [names.index(name) for name in size],
        len(header),
        said,
    )


def _path_column(
    file: Path,
    header: Sequence[str],
    names: Sequence[str],
    values: Sequence[Sequence[str]],
    exists: Callable[[str], bool],
) -> int:
    """The column of paths: of those so named, that which names files, else any that does."""
    named = sorted(
        (k for k, n in enumerate(names) if n in PATHS), key=lambda k: PATHS.index(names[k])
    )
    found = {
        k: sum(map(exists, [v for v in values[k] if v][:50])) for k in (named or range(len(names)))
    }
    best = max(found, key=lambda k: found[k], default=None)
    if best is not None and (found[best] or named):
        return best
    raise UnreadableDataError(
        f"{file}: found no column of paths: expected one called path, file, filename, image or id, "
        f"or one whose cells name files; the columns are {', '.join(map(repr, header))}"
    )


def _own_values(values: Sequence[str]) -> bool:
    """Whether a column tells the rows apart, as identifiers do."""
    given = [value for value in values if value]
    return len(set(given)) == len(given)


def _corner_columns(
    file: Path, header: Sequence[str], names: Sequence[str], values: Sequence[Sequence[str]]
) -> tuple[str, ...]:
    """Names of the columns of boxes; none where there are none.

    Raises UnreadableDataError for boxes in a form of which nobody knows what it means.
    """
    for corners in CORNERS:
        if set(corners) <= set(names) and not all(
            _yes_or_no(values[names.index(name)]) for name in corners
        ):
            return corners
    other = [name for name in names if name in OTHER_BOXES]
    if other or any(set(box) <= set(names) for box in CENTERS):
        columns = other or ["x", "y", "width", "height"]
        raise UnreadableDataError(
            f"{file}: the columns {', '.join(map(repr, columns))} seem to be boxes: expected "
            "xmin, ymin, xmax and ymax, the left, upper, right and lower edge; write them so, or "
            "leave the columns out"
        )
    return ()


def _numbers_rows(values: Sequence[str]) -> bool:
    """Whether a column numbers the rows: whole numbers, each once."""
    return _own_values(values) and all(value.isdecimal() for value in values if value)


def _split_column(names: Sequence[str], values: Sequence[Sequence[str]], path: int) -> int | None:
    """The column whose values name splits."""
    for k, name in enumerate(names):
        if k == path or name not in SPLITS:
            continue
        given = Counter(value for value in values[k] if value)
        known = {value: count for value, count in given.items() if split_name(value)}
        several = len({split_name(value) for value in known}) > 1
        if known and (several or sum(known.values()) >= MOSTLY * given.total()):
            return k  # rows with other values are left out
    return None


def _flag_columns(
    names: Sequence[str], values: Sequence[Sequence[str]], path: int, bare: bool
) -> dict[int, str]:
    """Columns of yes and no, each for a split."""
    meanings = {**FLAGS, **BARE_FLAGS} if bare else FLAGS
    return {
        k: meanings[name]
        for k, name in enumerate(names)
        if k != path and name in meanings and {v.lower() for v in values[k] if v} <= YES | NO
    }


def _label_columns(
    file: Path,
    header: Sequence[str],
    names: Sequence[str],
    values: Sequence[Sequence[str]],
    rest: Sequence[int],
    told: str | None,
) -> tuple[list[int], list[str]]:
    """Columns of labels, and what they stand for where each says yes or no."""
    if told is not None:
        if told not in header:
            known = ", ".join(map(repr, header))
            raise UnreadableDataError(f"{file}: has no column {told!r}, but {known}")
        return [header.index(told)], []
    named = [k for k in rest if names[k] in LABELS and any(values[k])]
    if named:
        return [_one_of(file, header, values, named)], []
    flags = [k for k in rest if names[k] not in SPLITS and _yes_or_no(values[k])]
    if len(flags) > 1:
        return flags, [header[k] or f"column {k + 1}" for k in flags]
    able = [k for k in rest if names[k] not in SPLITS and not _own_values(values[k])]
    if len(rest) == 1 and len(values[0]) < FEW and not all(map(is_number, values[rest[0]])):
        able = list(rest)  # each may have a label of its own
    if len(able) == 1:
        return able, [header[able[0]]] if able == flags else []
    if not able and len(rest) == 0:
        raise UnreadableDataError(
            f"{file}: expected rows path,label[,label...], found none: none of the columns "
            f"{', '.join(map(repr, header))} is left for labels; --label-column NAME says which"
        )
    columns = ", ".join(map(repr, header))
    raise UnreadableDataError(
        f"{file}: found no column of labels: expected one called label, class, category, target or "
        f"tags, or columns of 0 and 1; the columns are {columns}; --label-column NAME says which"
    )


def _one_of(
    file: Path, header: Sequence[str], values: Sequence[Sequence[str]], named: list[int]
) -> int:
    """Of several columns of labels that say the same, that with names instead of numbers."""
    first = named[0]
    for other in named[1:]:
        pairs = set(zip(values[first], values[other], strict=True))
        if not len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}):
            raise UnreadableDataError(
                f"{file}: {header[first]!r} and {header[other]!r} are both called as labels are, "
                "and say different things: --label-column NAME says which to learn"
            )
    return next((k for k in named if not all(is_number(v) for v in values[k] if v)), first)


def _yes_or_no(values: Sequence[str]) -> bool:
    given = [value.lower() for value in values if value]
    if set(given) <= YES | MINUS:
        return bool(given)
    return sum(v in YES or v in NO for v in given) >= MOSTLY * len(given)

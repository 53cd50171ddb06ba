"""What the columns of a table mean."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from src.load.class_names import distinct_names
from src.load.listed.column_names import LABELS, PATHS, SEVERAL
from src.load.listed.roles import Roles
from src.load.listed.table import Row

SHOWN = 8
"""Columns that a message names."""


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
    roles = Roles(file, header, rows)
    path = roles.path(exists)
    folder, split = roles.folder(path), roles.split(path)
    flags = {} if split is not None else roles.flags(path, label_column)
    corners = roles.corners()
    size = roles.size() if corners else []
    explained = {path, folder, split, *flags, *corners, *size, *roles.identifiers()}
    rest = [k for k in range(len(header)) if k not in explained]
    labels, one_hot = roles.labels(rest, label_column)
    name = roles.names[labels[0]] if len(labels) == 1 else ""
    said = []
    if roles.names[path] not in PATHS:
        said.append(f"{header[path]!r} is taken for the path: its cells name files")
    for k in [*([split] if split is not None else []), *flags]:
        said.append(f"{header[k]!r} is taken for the split")
    if len(labels) == 1 and not one_hot and not label_column and name not in LABELS:
        said.append(f"{header[labels[0]]!r} is taken for the label, the only column that can be")
    ignored = [repr(header[k]) for k in rest if k not in labels]
    if ignored:
        shown = ", ".join(ignored[:SHOWN]) + ", ..." * (len(ignored) > SHOWN)
        said.append(f"not learned, since nothing is known of them: {shown}")
    return Columns(
        path=path,
        labels=labels,
        one_hot=distinct_names(one_hot),
        several=name in SEVERAL,
        tags=name == "tags",
        folder=folder,
        split=split,
        flags=flags,
        corners=corners,
        size=size,
        count=len(header),
        said=said,
    )

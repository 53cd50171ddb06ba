"""Whether the first row of a table names its columns, and what the columns are if it does not."""

from collections.abc import Callable, Sequence
from pathlib import Path

from src.load.errors import UnreadableDataError
from src.load.image_kinds import EXTENSIONS
from src.load.listed.column_names import CORNERS, FLAGS, LABELS, PATHS, SPLITS, is_number, plain
from src.load.listed.columns import Columns
from src.load.listed.table import Row
from src.load.split_names import split_name


def has_header(rows: Sequence[Row], exists: Callable[[str], bool]) -> bool:
    """Whether the first row names columns.

    It does if two of its cells are such names, or one is and none names a file; or if its cells
    are neither paths nor values that come again below, and a column names files from the second
    row on.
    """
    cells = rows[0].fields
    known = {*PATHS, *LABELS, *SPLITS, *FLAGS, *(n for names in CORNERS for n in names)}
    names = sum(plain(cell) in known for cell in cells if cell)
    if any(Path(cell).suffix.lower() in EXTENSIONS for cell in cells):
        return False
    if names >= 2 or (names and not any(map(exists, cells))):
        return True
    below = rows[1:50]
    for column, cell in enumerate(cells):
        if exists(cell) or any(column < len(r.fields) and r.fields[column] == cell for r in below):
            return False
    columns = [
        c for c in range(len(cells)) if any(exists(r.fields[c]) for r in below if c < len(r.fields))
    ]
    numbered = [cell for cell in cells if cell] in (
        [str(k) for k in range(len(cells))],
        [str(k) for k in range(len(cells) - 1)],
    )  # as pandas writes columns without names
    return bool(columns) and (numbered or _is_word(cells[columns[0]]))


def _is_word(cell: str) -> bool:
    """Whether a cell is no path, nor the name of a file, which has digits as a rule."""
    return not any(sign.isdigit() or sign in "/\\" for sign in cell)


def without_header(file: Path, rows: Sequence[Row]) -> Columns:
    """The documented order: path, then labels.

    Raises UnreadableDataError where the values say that other columns than labels are there.
    """
    most = max(len(row.fields) for row in rows)
    columns = [
        [r.fields[k] for r in rows if k < len(r.fields) and r.fields[k]] for k in range(most)
    ]
    for k, values in enumerate(columns[1:], 2):
        if most > 2 and len(rows) > 1 and values and all(map(split_name, values)):
            raise UnreadableDataError(
                f"{file}: column {k} holds names of splits, such as {values[0]!r}: add a first row "
                "that names the columns, path,label,split"
            )
    numeric = [
        k for k, values in enumerate(columns[1:], 2) if values and all(map(is_number, values))
    ]
    if len(numeric) > 1 and len(rows) > 1:
        raise UnreadableDataError(
            f"{file}: columns {numeric[0]} to {numeric[-1]} hold numbers, of which nobody knows "
            "whether they are labels, boxes or others: add a first row that names the columns, "
            "such as path,xmin,ymin,xmax,ymax,label"
        )
    return Columns(0, range(1, most))

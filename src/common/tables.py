"""Tables as text for the terminal, as Markdown, and as CSV files."""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from src.common.files import atomic_path


def format_table(rows: Sequence[Sequence[str]], left_columns: int = 1) -> str:
    """Align cells in columns: the first ``left_columns`` to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < left_columns else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def markdown_table(rows: Sequence[Sequence[object]]) -> str:
    """A table of Markdown; the first row is its heading."""
    cells = [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    lines.insert(1, "| --- |" + " ---: |" * (len(rows[0]) - 1))
    return "\n".join(lines)


def write_csv(path: Path, rows: Sequence[Sequence[object]]) -> None:
    """Write a CSV file, whole or not at all; names that are not Unicode keep their bytes."""
    with (
        atomic_path(path) as partial,
        partial.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file,
    ):
        csv.writer(file).writerows(rows)


def cell_text(value: object, digits: int = 4) -> str:
    """A value as the cell of a table: counts with commas, other numbers rounded, lists joined."""
    match value:
        case None:
            return ""
        case bool() | str():
            return str(value)
        case int():
            return f"{value:,}"
        case float():
            return "" if math.isnan(value) else f"{value:.{digits}f}"
        case list() | tuple():
            return ",".join(map(str, value))
    return str(value)


def setting_text(value: object) -> str:
    """A setting as the command line takes it: no digit is lost.

    >>> setting_text([256, 128]), setting_text(2e-05), setting_text(None)
    ('256,128', '2e-05', '')
    """
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def compare_columns(
    columns: Mapping[str, Mapping[str, object]], only_differing: bool = False, digits: int = 4
) -> list[tuple[str, ...]]:
    """Rows of a table with a column per run: one row per name, without a heading.

    Args:
        columns: by run, values by name; a name that a run lacks gets an empty cell.
        only_differing: leave out names whose values are the same in all runs.
        digits: decimals of numbers.

    >>> compare_columns({"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}, only_differing=True)
    [('y', '2', '3')]
    """
    rows = []
    for name in dict.fromkeys(name for values in columns.values() for name in values):
        cells = [cell_text(values.get(name), digits) for values in columns.values()]
        if not only_differing or len(set(cells)) > 1:
            rows.append((name, *cells))
    return rows

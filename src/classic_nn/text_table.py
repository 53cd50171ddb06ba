"""Plain-text tables for the terminal."""

from collections.abc import Sequence


def format_table(lines: Sequence[Sequence[str]], left_columns: int = 1) -> str:
    """Align cells in columns: the first ``left_columns`` to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < left_columns else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )

"""Boxes in the rows of a table, in pixels or as fractions of the photo."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from src.load.errors import UnreadableDataError
from src.load.images import image_size
from src.load.listed.cells import is_blank
from src.load.listed.columns import Columns
from src.load.listed.row_error import RowError
from src.load.listed.table import Row

OUTSIDE = 0.05
"""Fraction of the photo by which a box may reach beyond it."""


class RowBoxes:
    """Reads the boxes of the rows of a table.

    Args:
        columns: of the table.
        rows: all of them: boxes are fractions where all corners are within 0 to 1, not all whole.
    """

    def __init__(self, columns: Columns, rows: Sequence[Row]) -> None:
        self.columns = columns
        self._sizes: dict[str, tuple[int, int]] = {}
        self._fractions = self._are_fractions(rows)

    def _are_fractions(self, rows: Sequence[Row]) -> bool:
        """Whether all corners are within 0 to 1, and not all of them whole."""
        values = [
            value
            for row in rows
            for value in (_number(row, column) for column in self.columns.corners)
            if value is not None
        ]
        return bool(values) and max(values) <= 1 and not all(map(float.is_integer, values))

    def edges(self, row: Row, image: str) -> tuple[float, ...] | None:
        """The box as fractions; None where the row has none."""
        cells = [row.fields[c] if c < len(row.fields) else "" for c in self.columns.corners]
        if all(map(is_blank, cells)):
            return None
        numbers = [_number(row, column) for column in self.columns.corners]
        if any(number is None for number in numbers):
            raise RowError("unusable boxes", f"expected four numbers as its box, got {cells}")
        left, top, right, bottom = (float(number) for number in numbers if number is not None)
        if not (left < right and top < bottom):
            raise RowError("unusable boxes", f"its box has no area: {', '.join(cells)}")
        width, height = (1, 1) if self._fractions else self._size(row, image)
        edges = (left / width, top / height, right / width, bottom / height)
        cut = tuple(min(max(edge, 0.0), 1.0) for edge in edges)
        if (
            max(edges) > 1 + OUTSIDE
            or min(edges) < -OUTSIDE
            or cut[0] >= cut[2]
            or cut[1] >= cut[3]
        ):
            raise RowError(
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
                raise RowError("unreadable images", str(error)) from None
        return self._sizes[image]


def _number(row: Row, column: int) -> float | None:
    try:
        number = float(row.fields[column])
    except (ValueError, IndexError):
        return None
    return number if np.isfinite(number) else None

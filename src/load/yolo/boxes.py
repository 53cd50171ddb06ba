"""Boxes around objects, as a line of a YOLO label file gives them.

class x y width height                  center and size, as fractions of the image
class x y width height confidence       what a model has found; or the number of a track
class x1 y1 x2 y2 x3 y3 ...             a polygon, of which the bounding box is taken
class x y width height px py ...        key points, where the description announces them
"""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

ROUNDING = 0.01
"""How much larger than the image a box may be."""

PIXELS = 2
"""Numbers from which on they are no fractions that were rounded badly."""

BOX, POLYGON, SIX = "boxes", "polygons", "boxes with a sixth number"
"""What a line describes."""


class Box(NamedTuple):
    """An object: number of its class, and left, top, right, bottom as fractions."""

    class_number: int
    edges: tuple[float, float, float, float]


def parse_box(line: str, classes: int, key_points: bool = False) -> tuple[Box, str]:
    """The object that a line describes, its box cut at the edges of the image; and what it is.

    Args:
        line: numbers with space, comma or semicolon between them.
        classes: how many there are.
        key_points: whether points follow the box.

    Raises ValueError that says what is wrong.

    >>> parse_box("1 0.2 0.2 0.6 0.2 0.6 0.4", classes=2)
    (Box(class_number=1, edges=(0.2, 0.2, 0.6, 0.4)), 'polygons')
    """
    fields = line.split()
    if len(fields) == 5 and any("," in field.strip(",") for field in fields):
        raise ValueError(f"expected points in its numbers, got commas: {line.strip()[:60]!r}")
    fields = re.split(r"[\s,;]+", line.strip(" \t\r\n,;"))
    if key_points:
        fields = fields[:5]
    polygon = len(fields) >= 7
    if polygon and len(fields) % 2 == 0:
        fields = fields[:-1]  # a confidence
    if len(fields) not in (5, 6) and not polygon:
        raise ValueError(
            "expected 5 fields (class x y width height), 6 with a confidence, or class and three "
            f"points or more, got {len(fields)}"
        )
    try:
        number, values = float(fields[0]), [float(field) for field in fields[1:]]
    except ValueError:
        raise ValueError(f"expected numbers, got {line.strip()[:60]!r}") from None
    if not (number.is_integer() and 0 <= number < classes):
        raise ValueError(f"expected a class from 0 to {classes - 1}, got {fields[0]}")
    if not all(map(math.isfinite, values)):
        raise ValueError(f"expected finite numbers, got {' '.join(fields[1:])}")
    if polygon:
        return Box(int(number), _of_polygon(values)), POLYGON
    return Box(int(number), _of_center(values[:4], fields)), SIX if len(fields) == 6 else BOX


def _of_center(values: Sequence[float], fields: Sequence[str]) -> tuple[float, float, float, float]:
    """Edges of a box by its center and size."""
    x, y, width, height = values
    guess = _guess(values)
    if width <= 0 or height <= 0:
        raise ValueError(f"the box has no area: width {fields[3]}, height {fields[4]}")
    if width > 1 + ROUNDING or height > 1 + ROUNDING:
        raise ValueError(
            f"the box is larger than the image: width {fields[3]}, height {fields[4]}{guess}"
        )
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise ValueError(
            f"the box is outside the image: expected its center within 0 to 1, got {x:g} {y:g}"
            f"{guess}"
        )
    return _cut((x - width / 2, y - height / 2, x + width / 2, y + height / 2))


def _of_polygon(values: Sequence[float]) -> tuple[float, float, float, float]:
    """Edges of the bounding box of a polygon."""
    if min(values) < -ROUNDING or max(values) > 1 + ROUNDING:
        raise ValueError(
            f"the polygon is outside the image: expected points within 0 to 1, got {min(values):g} "
            f"to {max(values):g}{_guess(values)}"
        )
    return _cut((min(values[::2]), min(values[1::2]), max(values[::2]), max(values[1::2])))


def _guess(values: Sequence[float]) -> str:
    """What numbers above 1 probably are."""
    if max(values) < PIXELS:
        return ""
    return "; these look like pixels or percent: expected fractions of the image's width and height"


def _cut(edges: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = (min(max(edge, 0.0), 1.0) for edge in edges)
    if left >= right or top >= bottom:
        raise ValueError(f"the box has no area: from {left:g} {top:g} to {right:g} {bottom:g}")
    return left, top, right, bottom

"""Boxes around objects, as a line of a YOLO label file gives them."""

import math
from dataclasses import dataclass

ROUNDING = 0.01
"""How much larger than the image a box may be."""


@dataclass(frozen=True)
class Box:
    """An object: number of its class, and left, top, right, bottom as fractions."""

    class_number: int
    edges: tuple[float, float, float, float]


def parse_box(line: str, classes: int) -> Box:
    """The object that a line describes, its box cut at the edges of the image.

    Raises ValueError that says what is wrong.
    """
    fields = line.split()
    if len(fields) != 5:
        raise ValueError(f"expected 5 fields (class x y width height), got {len(fields)}")
    try:
        number, (x, y, width, height) = float(fields[0]), map(float, fields[1:])
    except ValueError:
        raise ValueError(f"expected numbers, got {line.strip()[:60]!r}") from None
    if not (number.is_integer() and 0 <= number < classes):
        raise ValueError(f"expected a class from 0 to {classes - 1}, got {fields[0]}")
    if not all(map(math.isfinite, (x, y, width, height))):
        raise ValueError(f"expected finite numbers, got {' '.join(fields[1:])}")
    if width <= 0 or height <= 0:
        raise ValueError(f"the box has no area: width {fields[3]}, height {fields[4]}")
    if width > 1 + ROUNDING or height > 1 + ROUNDING:
        raise ValueError(f"the box is larger than the image: width {fields[3]}, height {fields[4]}")
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise ValueError(
            f"the box is outside the image: expected its center within 0 to 1, got {x:g} {y:g}"
        )
    edges = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    left, top, right, bottom = (min(max(edge, 0.0), 1.0) for edge in edges)
    if left >= right or top >= bottom:
        raise ValueError(f"the box has no area: width {fields[3]}, height {fields[4]}")
    return Box(int(number), (left, top, right, bottom))

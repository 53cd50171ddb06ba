"""Boxes of the subjects of photos, of data sets that have some."""

from pathlib import Path

from src.load.errors import UnreadableDataError
from src.load.read import read_data
from src.load.sources import ImageFiles


def boxes_of_photos(place: Path) -> dict[Path, list[list[float]]]:
    """Left, top, right, bottom of all boxes of each photo, as fractions; empty without boxes."""
    try:
        images = read_data(place).images
    except UnreadableDataError:
        return {}
    if not isinstance(images, ImageFiles) or images.boxes is None:
        return {}
    found: dict[Path, list[list[float]]] = {}
    for path, box in zip(images.paths, images.boxes.tolist(), strict=True):
        found.setdefault(path, []).append(box)
    return found

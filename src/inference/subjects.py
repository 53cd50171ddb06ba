"""The subjects of photos, to be hidden or shown alone.

The subject is known from the boxes of the data where they have some, else from the mask of a plain
background, else it is taken to be in an ellipse in the middle.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from src.load.sources import Source
from src.load.subject import subject_mask
from src.load.transforms.background import RandomBackground, soft_outline

AXES = 0.7
"""Axes of the ellipse, as fractions of the photo's sides."""

PLAIN = "plain background"
"""What most subjects are known by."""

ELLIPSE = "ellipse"
"""What a subject is known by where nothing says where it is."""

LARGEST = 640
"""Pixels of the longer side of a photo whose parts are hidden, at most: masks are kept."""

Boxes = Mapping[Path, Sequence[Sequence[float]]]
"""Left, top, right, bottom of the subjects of each photo, as fractions of width and height."""


class Subjects:
    """Where the subjects of photos are.

    Args:
        images: the photos.
        boxes: of the subjects, by photo.
    """

    def __init__(self, images: Source, boxes: Boxes) -> None:
        self._images = images
        self._boxes = boxes
        self._masks: dict[int, tuple[NDArray[np.bool_], str]] = {}

    def photo(self, row: int) -> Image.Image:
        """A photo in colour."""
        picture = self._images[row]
        if not isinstance(picture, Image.Image):
            picture = Image.fromarray(np.asarray(picture))
        picture = picture.convert("RGB")
        picture.thumbnail((LARGEST, LARGEST))  # in place, of the copy
        return picture

    def mask(self, row: int) -> tuple[NDArray[np.bool_], str]:
        """(height, width): where the subject is; and how that is known."""
        if row not in self._masks:
            self._masks[row] = self._found(row)
        return self._masks[row]

    def _found(self, row: int) -> tuple[NDArray[np.bool_], str]:
        photo = self.photo(row)
        paths = getattr(getattr(self._images, "files", self._images), "paths", ())
        boxes = self._boxes.get(paths[row], ()) if paths else ()
        if len(boxes):
            return _drawn(photo, [("rectangle", box) for box in boxes]), "boxes"
        mask = subject_mask(photo)
        if mask is not None:
            return mask, PLAIN
        edge = (1 - AXES) / 2
        return _drawn(photo, [("ellipse", (edge, edge, 1 - edge, 1 - edge))]), ELLIPSE

    def known_by(self, rows: NDArray[np.intp]) -> Counter[str]:
        """How many subjects are known by what."""
        return Counter(self.mask(row)[1] for row in rows.tolist())

    def hidden(self, row: int, subject: bool) -> Image.Image:
        """The photo without its subject, or without anything else."""
        photo = self.photo(row)
        mask, how = self.mask(row)
        if subject and how == PLAIN:  # its outline would say what was there
            mask = bounding_box(mask)
        levels = np.asarray(photo)
        around = levels[~mask] if subject and not mask.all() else levels.reshape(-1, 3)
        colour = tuple(int(level) for level in around.mean(axis=0))
        outline = soft_outline(mask, grown=subject)
        empty = Image.new("RGB", photo.size, colour)
        inside, outside = (empty, photo) if subject else (photo, empty)
        return Image.composite(inside, outside, outline)

    def moved(self, row: int, exchange: RandomBackground, seed: int) -> Image.Image:
        """The subject, which is on a plain background, in another photo."""
        return exchange(self.photo(row), np.random.default_rng([seed, row]))


def bounding_box(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The smallest rectangle around what is True in a mask."""
    box = np.zeros_like(mask)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows):
        box[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    return box


def _drawn(photo: Image.Image, shapes: Sequence[tuple[str, Sequence[float]]]) -> NDArray[np.bool_]:
    """A mask of rectangles and ellipses, given as fractions of width and height."""
    outline = Image.new("L", photo.size)
    pen = ImageDraw.Draw(outline)
    for shape, (left, top, right, bottom) in shapes:
        corners = [left * photo.width, top * photo.height]
        corners += [right * photo.width - 1, bottom * photo.height - 1]
        corners[2:] = [max(corners[2], corners[0]), max(corners[3], corners[1])]
        getattr(pen, shape)(corners, fill=255)
    mask: NDArray[np.bool_] = np.asarray(outline) > 127
    return mask

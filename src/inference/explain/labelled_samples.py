"""Inputs of a data set that explanations are measured on, and where their subjects are."""

from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from src.inference.classifier import Classifier
from src.inference.explain.drawing import Pictures
from src.inference.explain.measures import Sample
from src.inference.subjects import Subjects
from src.load.boxes_of_photos import boxes_of_photos
from src.load.dataset import ImageDataset
from src.load.images import open_image
from src.load.sources import ImageFiles, cut_out
from src.load.transforms.base import Picture

MARGIN = 0.5
"""Around an object that data cut out by its box: this fraction of the box more, on each side."""


def measured_samples(
    classifier: Classifier, dataset: ImageDataset, rows: NDArray[np.intp], place: Path
) -> tuple[list[Sample], Counter[str]]:
    """Inputs, and how many of their subjects are known by what.

    An object that the data cut out by its box is shown with some of what lies around it: else all
    would be subject. Of arrays that are no photos no subject is known.

    Args:
        classifier: the model.
        dataset: with its classes.
        rows: of the data set.
        place: where the data are, to look for boxes.
    """
    images = dataset.images
    files = getattr(images, "files", images)
    if not len(rows) or not isinstance(images[int(rows[0])], Image.Image):
        inputs = classifier.computed(images, rows, lambda x: x)
        named = zip(rows.tolist(), inputs, strict=True)
        return [Sample(images.name(row), x) for row, x in named], Counter()
    dtype = classifier.model.network.parameters.vector.dtype
    cut = files if isinstance(files, ImageFiles) and files.boxes is not None else None
    subjects = Subjects(images, boxes_of_photos(place) if cut is None else {})
    pictures = Pictures(classifier)
    known_by: Counter[str] = Counter()
    samples = []
    for row in rows.tolist():
        photo: Picture
        if cut is not None:
            photo, mask = object_with_margin(cut, row)
            how = "boxes"
        else:
            photo = images[row]
            mask, how = subjects.mask(row)
        known_by[how] += 1
        x = classifier.prepare(photo).astype(dtype, copy=False)
        samples.append(Sample(images.name(row), x, prepared_mask(classifier, pictures, mask)))
    return samples, known_by


def prepared_mask(
    classifier: Classifier, pictures: Pictures, mask: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """A mask of a photo as it lies on the photo once that is prepared: resized, padded, cropped."""
    inside, outside = (
        pictures.levels(classifier.prepare(Image.fromarray(np.uint8(255) * part).convert("RGB")))
        for part in (mask, ~mask)
    )
    return inside.mean(axis=2) > outside.mean(axis=2)  # padding is the same in both, and is neither


def object_with_margin(files: ImageFiles, row: int) -> tuple[Image.Image, NDArray[np.bool_]]:
    """An object and what lies around it; and (height, width), where it is."""
    assert files.boxes is not None
    box = files.boxes[row]
    sides = np.tile(box[2:] - box[:2], 2)
    wide = np.clip(box + MARGIN * sides * np.array([-1, -1, 1, 1]), 0, 1)
    picture = cut_out(open_image(files.paths[row], files.white), wide)
    inside = (box - np.tile(wide[:2], 2)) / np.tile(wide[2:] - wide[:2], 2)
    mask = np.zeros((picture.height, picture.width), bool)
    left, top = (np.floor(inside[:2] * picture.size)).astype(int)
    right, bottom = np.ceil(inside[2:] * picture.size).astype(int)
    mask[top:bottom, left:right] = True
    return picture, mask

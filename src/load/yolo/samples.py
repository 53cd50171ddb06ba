"""From images with their labels to samples: one an object, or one an image."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from src.load.dataset import UNDIVIDED, ImageDataset, Items, one_split
from src.load.problems import Problems
from src.load.sources import ImageFiles
from src.load.yolo.description import Description
from src.load.yolo.labels import Labels


@dataclass
class LabelledImages:
    """Images in the order in which they were found, with the splits that name them.

    Attributes:
        labels: of each image that can be used.
        splits: images of each split.
    """

    labels: dict[Path, Labels] = field(default_factory=dict)
    splits: dict[str, list[Path]] = field(default_factory=dict)


def as_objects(images: LabelledImages, described: Description, problems: Problems) -> ImageDataset:
    """One sample an object."""
    ends = np.cumsum([0, *(len(labels.boxes) for labels in images.labels.values())]).tolist()
    rows_of = {path: range(*ends[k : k + 2]) for k, path in enumerate(images.labels)}
    paths = [path for path, labels in images.labels.items() for _ in labels.boxes]
    boxes = [box for labels in images.labels.values() for box in labels.boxes]
    edges: NDArray[np.float64] = np.array([box.edges for box in boxes])
    targets = np.array([box.class_number for box in boxes], np.int64)
    source = ImageFiles(paths, edges, described.file.parent)
    files = [(path, images.labels[path].file) for path in paths]
    lines = [(item,) for labels in images.labels.values() for item in labels.line_items()]
    items = [Items("files", files), Items("label lines", lines)]
    splits = _splits(images, rows_of, len(paths))
    return ImageDataset(source, targets, described.names, splits, problems, items)


def as_images(images: LabelledImages, described: Description, problems: Problems) -> ImageDataset:
    """One sample an image, with the labels of all its objects."""
    paths = list(images.labels)
    targets = np.zeros((len(paths), len(described.names)), np.int64)
    for row, labels in enumerate(images.labels.values()):
        targets[row, [box.class_number for box in labels.boxes]] = 1
    source = ImageFiles(paths, root=described.file.parent)
    files = [(path, labels.file) for path, labels in images.labels.items()]
    lines: list[Sequence[Hashable]] = [labels.line_items() for labels in images.labels.values()]
    items = [Items("files", files), Items("label lines", lines)]
    rows_of = {path: range(row, row + 1) for row, path in enumerate(paths)}
    splits = _splits(images, rows_of, len(paths))
    return ImageDataset(source, targets, described.names, splits, problems, items)


def _splits(
    images: LabelledImages, rows_of: dict[Path, range], samples: int
) -> dict[str, NDArray[np.intp]]:
    """Rows of each split that has any."""
    if UNDIVIDED in images.splits:
        return one_split(samples)
    rows = {
        split: [row for image in found for row in rows_of.get(image, ())]
        for split, found in images.splits.items()
    }
    return {split: np.array(of_split, np.intp) for split, of_split in rows.items() if of_split}

"""Data sets of objects in boxes, in the layout of YOLO.

A yaml file names the classes and the splits; ``labels/<split>/name.txt`` next to
``images/<split>/name.jpg`` has a line ``class x y width height`` for each object: the number of
its class, and the center and the size of its box as fractions of the image. No file, or an empty
one: an image without objects.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from src.load.boxes import Box, parse_box
from src.load.dataset import ImageDataset
from src.load.errors import UnreadableDataError
from src.load.files import is_file
from src.load.image_folder import image_paths
from src.load.problems import Problems
from src.load.sources import ImageFiles

SPLITS = {
    "train": "train",
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    "test": "test",
}
"""Entries of splits, and what we call them."""


Samples = list[tuple[Path, list[Box]]]
"""Each image with its objects."""

Splits = dict[str, list[int]]
"""Numbers of the images of each split."""

Parts = tuple[ImageFiles, NDArray[np.int64], dict[str, NDArray[np.intp]]]
"""Images, targets and rows of each split, as ``ImageDataset`` takes them."""


def read_yolo(
    path: str | Path, objects: bool = True, problems: Problems | None = None
) -> ImageDataset:
    """Read a data set in YOLO's layout.

    Args:
        path: the yaml file, or the folder that holds it. Places in it are relative to its ``path``
            entry, and that to the yaml file; a ``path`` that does not exist here, as on the
            author's machine, is taken to be the yaml file's folder.
        objects: True for one sample an object, cut out by its box, with one class; False for whole
            images with the labels of all objects in them, none included.
        problems: where to file what cannot be used: lines with other than 5 numbers, classes out
            of range, boxes outside the image or without area, splits without images.

    Raises:
        UnreadableDataError: the yaml file is missing or damaged, or there is no usable image.
    """
    problems = problems if problems is not None else Problems()
    file = find_yaml(Path(path))
    description = _read_yaml(file)
    names = class_names(file, description)
    folder = _data_folder(file, description)
    row_of_image: dict[Path, int] = {}
    samples: Samples = []
    splits: Splits = {}
    for entry, split in SPLITS.items():
        if not description.get(entry):
            continue
        rows: list[int] = []
        listed = list(_split_images(folder, description[entry], problems))
        found = list(dict.fromkeys(listed))
        if not found:
            problems.add(
                "splits without images", f"{file}: {entry}: {description[entry]} has no images"
            )
        if len(found) < len(listed):
            twice = len(listed) - len(found)
            problems.note("images listed twice", f"{file}: {entry}: {twice}")
        for image in found:
            if image not in row_of_image:  # a file may stand in two splits
                boxes = _read_boxes(image, len(names), problems)
                row_of_image[image] = len(samples)
                samples.append((image, boxes))
            rows.append(row_of_image[image])
        if rows:
            splits[split] = rows
    if not samples:
        raise UnreadableDataError(f"{file}: found no images in the places that it names")
    images, targets, parts = (
        _as_objects(samples, splits, file)
        if objects
        else _as_images(samples, splits, file, len(names))
    )
    return ImageDataset(images, targets, names, parts, problems)


def find_yaml(path: Path) -> Path:
    """The path itself if it is a file, else the one yaml file of the folder, or that has names.

    Raises UnreadableDataError where there is none, or more than one.
    """
    if path.is_file():
        return path
    found = sorted([*path.glob("*.yaml"), *path.glob("*.yml")])
    found = found if len(found) == 1 else yaml_files(path)
    if len(found) != 1:
        names = ", ".join(file.name for file in found) or "none"
        raise UnreadableDataError(f"{path}: expected one .yaml file, found {names}")
    return found[0]


def yaml_files(folder: Path) -> list[Path]:
    """Yaml files of a folder that describe a data set: those with an entry ``names``."""
    files = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    return [file for file in files if re.search(rb"^names\s*:", file.read_bytes(), re.MULTILINE)]


def class_names(file: Path, description: dict[str, Any]) -> list[str]:
    """``names`` of the yaml file, a list or a dict from 0; raises UnreadableDataError."""
    names = description.get("names")
    if isinstance(names, dict):
        if set(names) != set(range(len(names))):
            raise UnreadableDataError(f"{file}: names: expected the numbers 0 to {len(names) - 1}")
        names = [names[number] for number in range(len(names))]
    if not isinstance(names, list) or not names:
        raise UnreadableDataError(f"{file}: expected names: a list, or a dict by number")
    count = description.get("nc", len(names))
    if str(count) != str(len(names)):
        raise UnreadableDataError(f"{file}: nc is {count}, and there are {len(names)} names")
    return [str(name) for name in names]


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        description = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        cause = " ".join(str(error).split())
        raise UnreadableDataError(f"{file}: cannot be read as yaml ({cause})") from None
    if not isinstance(description, dict):
        raise UnreadableDataError(f"{file}: expected entries names, train, val")
    return description


def _data_folder(file: Path, description: dict[str, Any]) -> Path:
    folder = file.parent / str(description.get("path") or ".")
    return folder if folder.is_dir() else file.parent


def _split_images(folder: Path, entry: Any, problems: Problems) -> Iterator[Path]:
    """Image files of a split: of a folder, of a text file that lists them, or of several such."""
    for place in map(str, entry if isinstance(entry, list) else [entry]):
        path = folder / place
        if not path.exists() and place.startswith("../"):
            path = folder / place.removeprefix("../")  # as Roboflow writes what lies next to it
        if path.is_dir():
            yield from image_paths(path)
        elif is_file(path):
            for line in filter(None, map(str.strip, _lines(path, problems))):
                if is_file(path.parent / line):
                    yield path.parent / line
                else:
                    problems.add("missing images", f"{path}: {line}: no such file")


def _lines(file: Path, problems: Problems) -> list[str]:
    """Lines of a text file; none if it is not one."""
    try:
        return file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        problems.add("unreadable text files", f"{file}: cannot be read ({error})")
        return []


def _read_boxes(image: Path, classes: int, problems: Problems) -> list[Box]:
    """The objects of an image; lines that cannot be used are left out."""
    parts = list(image.parent.parts)
    places = [k for k, part in enumerate(parts) if part == "images"]
    if places:  # the last folder called images, as in YOLO itself
        parts[places[-1]] = "labels"
    file = Path(*parts, f"{image.stem}.txt")
    if not file.is_file():
        problems.note("images without a label file", f"{image}: taken to show no object")
        return []
    boxes = []
    for number, line in enumerate(_lines(file, problems), 1):
        if line.strip():
            try:
                boxes.append(parse_box(line, classes))
            except ValueError as error:
                problems.add("unusable boxes", f"{file}: line {number}: {error}")
    return list(dict.fromkeys(boxes))  # a line that stands twice is one object


def _as_objects(samples: Samples, splits: Splits, file: Path) -> Parts:
    """One sample an object."""
    counts = [len(boxes) for _, boxes in samples]
    if not sum(counts):
        raise UnreadableDataError(f"{file}: the label files hold no usable box")
    starts = np.cumsum([0, *counts])
    paths = [path for path, boxes in samples for _ in boxes]
    boxes = [box for _, of_image in samples for box in of_image]
    rows = {
        split: np.concatenate([np.arange(starts[k], starts[k + 1]) for k in images])
        for split, images in splits.items()
    }
    edges: NDArray[np.float64] = np.array([box.edges for box in boxes])
    targets = np.array([box.class_number for box in boxes], np.int64)
    return ImageFiles(paths, edges, file.parent), targets, rows


def _as_images(samples: Samples, splits: Splits, file: Path, classes: int) -> Parts:
    """One sample an image, with the labels of all its objects."""
    targets = np.zeros((len(samples), classes), np.int64)
    for row, (_, boxes) in enumerate(samples):
        targets[row, [box.class_number for box in boxes]] = 1
    rows = {split: np.array(images, np.intp) for split, images in splits.items()}
    return ImageFiles([path for path, _ in samples], root=file.parent), targets, rows

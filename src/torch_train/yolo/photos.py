"""The photos of the recipe ``produce`` with their boxes, and the folders that Ultralytics reads."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from src.classic_train.cli.photo_options import PhotoOptions
from src.classic_train.data.photos import PhotoData
from src.classic_train.mini_batch import DataError
from src.classic_train.recipes.produce import RECIPE
from src.load import read_data
from src.load.errors import UnreadableDataError
from src.load.images import open_image
from src.load.prepared import PreparedImages
from src.load.sources import ImageFiles, cut_out

SPLITS = {"train": "train", "validation": "val", "test": "test"}
"""Our splits, and what Ultralytics calls them."""

LEAST = 10
"""Pixels of width and height below which Ultralytics passes over an image."""

QUALITY = 95
"""Of the JPEG files that are written."""


@dataclass(frozen=True)
class Photo:
    """A photo with the objects in it.

    Attributes:
        path: of the file.
        labels: (classes,) of 0 and 1.
        boxes: (objects, 4): left, top, right, bottom, as fractions.
        classes: (objects,): number of the class of each box.
        digest: the first 64 bits of the SHA-256 of its pixels.
    """

    path: Path
    labels: NDArray[np.int64]
    boxes: NDArray[np.float64]
    classes: NDArray[np.int64]
    digest: int

    def open(self) -> Image.Image:
        """The photo, upright, in colour."""
        return open_image(self.path)

    def crops(self) -> list[Image.Image]:
        """What lies in each box."""
        photo = self.open()
        return [cut_out(photo, box) for box in self.boxes]


@dataclass(frozen=True)
class LabelledPhotos:
    """Photos in the three splits of the recipe.

    Attributes:
        class_names: of the labels.
        splits: photos by our names of the splits.
        data: as the recipe has them.
    """

    class_names: Sequence[str]
    splits: Mapping[str, Sequence[Photo]]
    data: PhotoData

    def seen(self) -> list[int]:
        """Digests of the photos that are learned from, or that decide something."""
        return [photo.digest for split in ("train", "validation") for photo in self.splits[split]]

    def known(self, digests: Iterable[int]) -> int:
        """How many of the test photos are among some."""
        among = set(digests)
        return sum(photo.digest in among for photo in self.splits["test"])


def read_photos(place: str, split_seed: int) -> LabelledPhotos:
    """Read photos with boxes, divided as ``produce --samples photos`` divides them.

    Args:
        place: as for ``--data`` of the recipe.
        split_seed: of the division.

    Raises DataError where there are no boxes, or no photos.
    """
    defaults = RECIPE.options
    assert isinstance(defaults, PhotoOptions)
    own = replace(defaults, data=place, split_seed=split_seed, samples="photos")
    options = RECIPE.resolve_paths(own, {"data"})
    data = RECIPE.load_data(options)
    if not isinstance(data, PhotoData) or not data.photos.multi_label:
        raise DataError(f"{place}: expected photos with boxes, as a YOLO data.yaml names them")
    images = data.photos.images
    assert isinstance(images, PreparedImages)
    boxes = _boxes(Path(options.data), images.files.paths)
    digests = data.fingerprints.short_digests()[images.photo_of]
    splits = {
        split: [
            Photo(
                images.files.paths[row],
                data.photos.targets[row],
                *boxes[images.files.paths[row]],
                int(digests[row]),
            )
            for row in rows.tolist()
        ]
        for split, rows in data.photos.splits.items()
    }
    for split in ("train", "validation"):
        if not any(len(photo.boxes) for photo in splits[split]):
            raise DataError(
                f"{place}: none of the {split} photos has a box around something: expected more "
                "photos, or another --split-seed"
            )
    return LabelledPhotos(data.class_names, splits, data)


def _boxes(
    place: Path, paths: Sequence[Path]
) -> dict[Path, tuple[NDArray[np.float64], NDArray[np.int64]]]:
    """Boxes of each photo, and the numbers of their classes."""
    try:
        objects = read_data(place)
    except UnreadableDataError as error:
        raise DataError(str(error)) from None
    if not isinstance(objects.images, ImageFiles) or objects.images.boxes is None:
        raise DataError(f"{place}: expected a box around each object, found none")
    rows: dict[Path, list[int]] = {path: [] for path in paths}
    for row, path in enumerate(objects.images.paths):
        if path in rows:
            rows[path].append(row)
    return {
        path: (objects.images.boxes[of_photo], objects.targets[of_photo])
        for path, of_photo in rows.items()
    }


def write_crops(photos: LabelledPhotos, folder: Path, size: int) -> Path:
    """Write what lies in the boxes of training and validation photos: a folder for each class.

    Args:
        photos: to write.
        folder: to be made.
        size: of the network's input; crops are not written larger than twice that.

    Folders bear the numbers of classes, because names may have characters that files cannot, and
    all of them stand in each split, because Ultralytics numbers what it finds. Returns the folder.
    """
    learned = sorted({int(k) for photo in photos.splits["train"] for k in photo.classes})
    for split in ("train", "validation"):
        for number in learned:
            (folder / SPLITS[split] / f"{number:04}").mkdir(parents=True)
        for count, photo in enumerate(photos.splits[split]):
            for k, (crop, number) in enumerate(zip(photo.crops(), photo.classes, strict=True)):
                of_class = folder / SPLITS[split] / f"{number:04}"
                if of_class.is_dir():  # of a class without training photos nothing can be learned
                    _save(crop, of_class / f"{count:06}-{k:03}.jpg", 2 * size)
    return folder


def write_photos(photos: LabelledPhotos, folder: Path, size: int) -> Path:
    """Write training and validation photos with a text file of boxes each, and ``data.yaml``.

    Args:
        photos: to write.
        folder: to be made.
        size: of the network's input; photos are not written larger.

    Returns the path of ``data.yaml``.
    """
    for split in ("train", "validation"):
        images, labels = (folder / kind / SPLITS[split] for kind in ("images", "labels"))
        images.mkdir(parents=True)
        labels.mkdir(parents=True)
        for count, photo in enumerate(photos.splits[split]):
            _save(photo.open(), images / f"{count:06}.jpg", size)
            (labels / f"{count:06}.txt").write_text(_lines(photo))
    description = {
        "path": str(folder.resolve()),
        "train": "images/train",
        "val": "images/val",
        "names": dict(enumerate(photos.class_names)),
    }
    path = folder / "data.yaml"  # JSON is YAML
    path.write_text(json.dumps(description, indent=1))
    return path


def _lines(photo: Photo) -> str:
    """Class, center, width and height of each box, a line each, as fractions."""
    left, top, right, bottom = photo.boxes.T
    values = np.stack([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top], axis=1)
    numbers = zip(photo.classes, values, strict=True)
    return "".join(f"{k} {' '.join(f'{v:.6f}' for v in line)}\n" for k, line in numbers)


def _save(image: Image.Image, path: Path, largest: int) -> None:
    """Write an image, made smaller than ``largest``, but not so small that it is passed over."""
    if max(image.size) > largest:
        image.thumbnail((largest, largest), Image.Resampling.LANCZOS)
    width, height = (max(side, LEAST) for side in image.size)
    if (width, height) != image.size:
        image = image.resize((width, height), Image.Resampling.BICUBIC)
    image.save(path, quality=QUALITY)

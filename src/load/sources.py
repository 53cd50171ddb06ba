"""Indexable sources of images: files that are opened when asked for, and arrays.

A source knows how many samples it has, gives the image of one, and says for each which photo it
was taken from: several samples may be parts of one photo, which must then not stand in two splits.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from src.common.files import printable
from src.load.images import open_image
from src.load.transforms.base import Picture


class Source(Protocol):
    """What loaders and readers ask of a source."""

    def __len__(self) -> int:
        """Number of samples."""

    def __getitem__(self, index: int) -> Picture:
        """The image of a sample. Raises UnreadableDataError where there is none."""

    def preview(self, index: int) -> Picture:
        """The sample for people to look at; perhaps a smaller one."""

    def name(self, index: int) -> str:
        """Where the sample is, for messages."""

    def state(self, index: int) -> str:
        """A text that changes when the sample does, without reading it."""

    @property
    def photos(self) -> "Source":
        """The whole photos, each once."""

    @property
    def photo_of(self) -> NDArray[np.intp]:
        """(samples,): number of the photo that a sample was taken from."""


class ImageFiles:
    """Image files, or parts of them.

    Args:
        paths: of each sample; the same path may occur for several.
        boxes: (samples, 4): left, top, right, bottom of the part, as fractions of width and height;
            None for whole images.
        root: of the data set; names of samples are relative to it.
        white: level of images of more than 8 bits that becomes white; see ``open_image``.
    """

    def __init__(
        self,
        paths: Sequence[Path | str],
        boxes: NDArray[np.float64] | None = None,
        root: Path | None = None,
        white: int | None = None,
    ) -> None:
        if boxes is not None and boxes.shape != (len(paths), 4):
            raise ValueError(f"boxes: expected shape ({len(paths)}, 4), got {boxes.shape}")
        self.paths = tuple(map(Path, paths))
        self.boxes = boxes
        self.root = root
        self.white = white
        numbers: dict[Path | str, int] = {}
        photo_of = [numbers.setdefault(path, len(numbers)) for path in paths]
        self.photo_of = np.array(photo_of, np.intp)
        self._photos: list[Path] = []
        for path, number in zip(self.paths, photo_of, strict=True):
            if number == len(self._photos):
                self._photos.append(path)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Image.Image:
        return self.part_of(open_image(self.paths[index], self.white), index)

    def part_of(self, photo: Image.Image, index: int) -> Image.Image:
        """The sample, cut out of its photo if it is a part of it."""
        return photo if self.boxes is None else cut_out(photo, self.boxes[index])

    def preview(self, index: int) -> Image.Image:
        """The sample itself."""
        return self[index]

    def name(self, index: int) -> str:
        """The path, and the part of the image if it is one."""
        path = self.paths[index]
        if self.root is not None and path.is_relative_to(self.root):
            path = path.relative_to(self.root)
        shown = printable(str(path))
        if self.boxes is None:
            return shown
        part = ", ".join(f"{fraction:.3f}" for fraction in self.boxes[index])
        return f"{shown} [{part}]"

    def state(self, index: int) -> str:
        """Path, size and time of the last change of the file, and the part."""
        metadata = self.paths[index].stat()
        box = "" if self.boxes is None else self.boxes[index].tolist()
        file = f"{self.paths[index].resolve()} {metadata.st_size} {metadata.st_mtime_ns}"
        return f"{file} {box}" if self.white is None else f"{file} {box} {self.white}"

    @property
    def photos(self) -> "ImageFiles":
        """The whole files, each once."""
        return ImageFiles(self._photos, root=self.root, white=self.white)

    def with_white(self, white: int | None) -> "ImageFiles":
        """The same files, read with a level of white."""
        return ImageFiles(self.paths, self.boxes, self.root, white)


class ImageArrays:
    """Images, or any samples, in an array; it may be mapped from a file larger than memory.

    Args:
        array: (samples, height, width) or (samples, height, width, channels), uint8, for images
            of 1 or 3 channels; any other array for samples that are no images.
        origin: what messages call it.
        colour: whether grey images become RGB.
    """

    def __init__(self, array: NDArray[Any], origin: str = "array", colour: bool = False) -> None:
        grey = array.ndim == 3 or (array.ndim == 4 and array.shape[3] == 1)
        self.images = array.dtype == np.uint8 and (grey or array.shape[3:] == (3,))
        self.array = array
        self.colour = colour
        self.origin = origin

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, index: int) -> Picture:
        sample = self.array[index]
        if not self.images:
            return sample
        image = Image.fromarray(sample[..., 0] if sample.shape[2:] == (1,) else sample)
        return image.convert("RGB") if self.colour else image

    def in_colour(self) -> "ImageArrays":
        """The same array, whose grey images become RGB, as those of files do."""
        return ImageArrays(self.array, self.origin, colour=True)

    def preview(self, index: int) -> Picture:
        """The sample itself."""
        return self[index]

    def name(self, index: int) -> str:
        """The array's name and the number of the sample, from 0."""
        return f"{self.origin} [{index}]"

    def state(self, index: int) -> str:
        """Type, shape and values."""
        sample = self.array[index]
        values = hashlib.sha256(sample.tobytes()).hexdigest()
        return f"{sample.dtype} {sample.shape} {values}"

    @property
    def photos(self) -> "ImageArrays":
        """The source itself: every sample is whole."""
        return self

    @property
    def photo_of(self) -> NDArray[np.intp]:
        """Every sample is a photo of its own."""
        return np.arange(len(self.array))


def cut_out(image: Image.Image, box: NDArray[np.float64]) -> Image.Image:
    """The part of an image within (left, top, right, bottom) as fractions; at least one pixel."""
    width, height = image.size
    left = min(int(np.floor(box[0] * width)), width - 1)
    top = min(int(np.floor(box[1] * height)), height - 1)
    right = max(int(np.ceil(box[2] * width)), left + 1)
    bottom = max(int(np.ceil(box[3] * height)), top + 1)
    return image.crop((left, top, min(right, width), min(bottom, height)))

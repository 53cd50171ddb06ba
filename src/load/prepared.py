"""Photos decoded once: whoever needs one later gets what fixed transforms made of it then.

Decoding a photo takes longer than everything else that is done to it. A training run looks at every
photo several times: for its fingerprint, for mean and standard deviation, for mini-batches, for
validation and test, for pictures of the report. What all of these need is known beforehand, so it
is made while the photo is decoded for its fingerprint, and kept as bytes.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from src.load.sources import ImageFiles
from src.load.transforms.base import Compose


class PreparedImages:
    """A source of image files that remembers what some transforms made of each sample.

    Args:
        files: the source.
        transforms: fixed ones, from image to image (see ``Compose.fixed_and_rest``); the result of
            the first is the sample's ``preview``.

    Reading ``photos`` fills the memory: each photo is decoded, and all samples that are parts of it
    are prepared. What has not been read so is decoded when it is asked for.
    """

    def __init__(self, files: ImageFiles, transforms: Sequence[Compose]) -> None:
        self.files = files
        self.transforms = list(dict.fromkeys(transforms))
        self._prepared: dict[Compose, dict[int, NDArray[np.uint8]]] = {
            transform: {} for transform in self.transforms
        }
        self._rng = np.random.default_rng(0)  # fixed transforms draw nothing

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Image.Image:
        return self.files[index]

    def name(self, index: int) -> str:
        """That of the file."""
        return self.files.name(index)

    def state(self, index: int) -> str:
        """That of the file."""
        return self.files.state(index)

    @property
    def white(self) -> int | None:
        """That of the files."""
        return self.files.white

    @property
    def boxes(self) -> NDArray[np.float64] | None:
        """Those of the files."""
        return self.files.boxes

    @property
    def photo_of(self) -> NDArray[np.intp]:
        """(samples,): number of the photo that a sample was taken from."""
        return self.files.photo_of

    @property
    def photos(self) -> "PreparingPhotos":
        """The whole photos; reading one prepares its samples."""
        return PreparingPhotos(self)

    def preview(self, index: int) -> Image.Image:
        """A small picture of the sample."""
        return self.prepared(self.transforms[0], index)

    def has(self, transform: Compose) -> bool:
        """Whether the results of this transform are remembered."""
        return transform in self._prepared

    def prepared(self, transform: Compose, index: int) -> Image.Image:
        """The sample after one of the transforms. Raises UnreadableDataError where it is none."""
        found = self._prepared[transform].get(int(index))
        if found is None:
            image: Image.Image = transform(self.files[index], self._rng)
            return image
        return Image.fromarray(found)

    def prepare_photo(self, photo: Image.Image, samples: Sequence[int]) -> None:
        """Remember what the transforms make of the samples that are parts of a photo."""
        for sample in samples:
            part = self.files.part_of(photo, sample)
            for transform, prepared in self._prepared.items():
                prepared[sample] = np.asarray(transform(part, self._rng))

    def forget_all_but(self, rows: NDArray[np.intp]) -> None:
        """Give back the memory of samples that have been left out."""
        wanted = set(rows.tolist())
        for prepared in self._prepared.values():
            for sample in prepared.keys() - wanted:
                del prepared[sample]

    def joined(self, other: "PreparedImages") -> "PreparedImages":
        """The samples of two sources of whole photos, one after the other, with what both remember.

        Raises ValueError where the photos would get other numbers.
        """
        files = ImageFiles(
            [*self.files.paths, *other.files.paths], root=self.files.root, white=self.files.white
        )
        if len(files.photos) != len(self.files.photos) + len(other.files.photos):
            raise ValueError("joined: expected photos that the other source does not have")
        both = PreparedImages(files, self.transforms)
        for transform, prepared in both._prepared.items():
            prepared |= self._prepared[transform]
            theirs = other._prepared.get(transform, {})
            prepared |= {len(self) + sample: picture for sample, picture in theirs.items()}
        return both

    @property
    def nbytes(self) -> int:
        """Bytes that are remembered."""
        return sum(
            image.nbytes for prepared in self._prepared.values() for image in prepared.values()
        )


class PreparingPhotos:
    """The whole photos of a source, each once; reading one prepares its samples.

    Args:
        images: whose memory is filled.
    """

    def __init__(self, images: PreparedImages) -> None:
        self._images = images
        self._files = images.files.photos
        self._samples: list[list[int]] = [[] for _ in range(len(self._files))]
        for sample, photo in enumerate(images.photo_of.tolist()):
            self._samples[photo].append(sample)

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> Image.Image:
        photo = self._files[index]
        self._images.prepare_photo(photo, self._samples[index])
        return photo

    def name(self, index: int) -> str:
        """That of the file."""
        return self._files.name(index)

    def state(self, index: int) -> str:
        """That of the file."""
        return self._files.state(index)

    def preview(self, index: int) -> Image.Image:
        """The photo itself."""
        return self._files[index]

    @property
    def photos(self) -> "PreparingPhotos":
        """The source itself."""
        return self

    @property
    def photo_of(self) -> NDArray[np.intp]:
        """Every photo is its own."""
        return np.arange(len(self))


class PreparedView:
    """The samples after one transform, by their rows.

    Args:
        images: that remember it.
        transform: which one.
    """

    def __init__(self, images: PreparedImages, transform: Compose) -> None:
        self._images = images
        self._transform = transform

    def __getitem__(self, index: int) -> Image.Image:
        return self._images.prepared(self._transform, index)

"""The data of the recipes that train on photos, in mini-batches; see ``photo_reading``."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_train.cli.photo_options import PhotoOptions
from src.classic_train.data.photo_pipeline import PhotoPipeline
from src.classic_train.data.splits import SPLITS, RecipeData
from src.classic_train.mini_batch import DataError
from src.load import (
    BatchLoader,
    Fingerprints,
    ImageDataset,
    k_fold,
    mean_and_std,
    split_by_content,
)
from src.load.dataset import UNDIVIDED
from src.load.transforms import (
    Compose,
    Grayscale,
    Normalize,
    Resize,
    ToFloat,
    Transform,
    transform_config,
)

MEAN_COLOUR = Compose([Resize((1, 1), "box")])
"""One pixel, with the photo's mean colour: all that the baseline of this name looks at."""


@dataclass(frozen=True)
class PhotoData(RecipeData):
    """Photos in three splits, and what is done to them.

    Attributes:
        photos: divided into train, validation and test; targets are class numbers or labels.
        fingerprints: fingerprints of the photos.
        pipeline: what the recipe makes of them.
        options: settings.
        description: one line.
    """

    photos: ImageDataset
    fingerprints: Fingerprints
    pipeline: PhotoPipeline
    options: PhotoOptions
    description: str

    @property
    def class_names(self) -> list[str]:  # type: ignore[override]
        """Of the data set; of a binary task no and yes."""
        return list(self.photos.class_names)

    @property
    def task(self) -> str:
        """The pipeline's; or multi-label where a photo may have several labels.

        Of a single label the question is yes or no.
        """
        if self.photos.multi_label and len(self.photos.class_names) == 1:
            return "binary"
        return "multi_label" if self.photos.multi_label else self.pipeline.task

    @cached_property
    def eval_transform(self) -> Compose:
        """From photo to input, without random changes."""
        return Compose([*eval_transforms(self.options, self.pipeline), *self._to_numbers])

    @cached_property
    def train_transform(self) -> Compose:
        """From photo to input, with random changes."""
        fixed, rest = Compose(train_transforms(self.options, self.pipeline)).fixed_and_rest()
        learned = self.pipeline.learned_from(self.options, self.photos)
        return Compose([*fixed.transforms, *learned, *rest.transforms, *self._to_numbers])

    @cached_property
    def _to_numbers(self) -> list[Transform]:
        backbone = self.pipeline.backbone(self.options)
        if backbone is not None:
            return list(backbone.numbers)
        if not self.pipeline.normalize:
            return [ToFloat()]
        resized = Compose([*eval_transforms(self.options, self.pipeline), ToFloat()])
        mean, std = mean_and_std(BatchLoader(self.photos, "train", resized))
        std = np.where(std > 0, std, 1.0)  # a channel that is the same everywhere says nothing
        return [ToFloat(), Normalize(tuple(mean), tuple(std))]

    @property
    def preprocessing(self) -> dict[str, Any]:  # type: ignore[override]
        """The transforms of evaluation, which also say what the network's input is."""
        steps = transform_config(self.eval_transform)
        return {"input": "photos", "transform": steps}

    @cached_property
    def input_shape(self) -> tuple[int, ...]:
        """Of the first training photo after its transforms."""
        return self.examples(1)[0].shape[1:]

    @cached_property
    def _learned(self) -> ImageDataset:
        """The photos with targets as the loss takes them."""
        targets = self.photos.targets
        if self.task == "binary" and targets.ndim == 1:
            targets = targets[:, np.newaxis]
        elif self.task == "multi_label" and targets.ndim == 1:
            targets = np.eye(len(self.class_names), dtype=np.int64)[targets]
        return replace(self.photos, targets=targets)

    @cached_property
    def _loaders(self) -> dict[str, BatchLoader]:
        return {}

    def batches(self, split: str) -> BatchLoader:
        """A loader of the split: the training one is shuffled and augmented."""
        if split not in self._loaders:
            training = split == "train"
            self._loaders[split] = BatchLoader(
                self._learned,
                split,
                self.train_transform if training else self.eval_transform,
                batch_size=self.options.batch_size,
                shuffle=training,
                seed=self.options.seed,
                threads=self.options.loader_threads,
                cache="memory",
                dtype=self.options.dtype,
            )
        return self._loaders[split]

    def dataset(self) -> ImageDataset:
        """The photos as they were read."""
        return self.photos

    def targets(self, split: str) -> NDArray[Any]:
        """Of a split, as the loss takes them."""
        return self._learned.targets[self._learned.splits[split]]

    def examples(self, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """The first training photos, without random changes."""
        rows = self.photos.splits["train"][:count]
        few = self._learned.divided({"train": rows})
        loader = BatchLoader(few, "train", self.eval_transform, batch_size=count)
        return next(loader.epoch(0))

    def digest(self) -> str:
        """SHA-256 of pixels, boxes, labels and splits."""
        return self.digest_of(*SPLITS)

    def digest_of(self, *splits: str) -> str:
        """SHA-256 of pixels, boxes and labels of some splits."""
        digest = hashlib.sha256()
        boxes = getattr(self.photos.images, "boxes", None)
        for split in splits:
            for row in self.photos.splits[split].tolist():
                photo = self.fingerprints.digests[self.photos.images.photo_of[row]]
                box = "" if boxes is None else boxes[row].tolist()
                digest.update(f"{split} {photo} {box} {self.photos.targets[row]}\n".encode())
        return digest.hexdigest()

    def metadata(self) -> dict[str, Any]:
        """Also how the photos are to be read, so that evaluation reads them so too."""
        reading = self.pipeline.read(self.options)
        white = getattr(self.photos.images, "white", None)
        reading |= {} if white is None else {"white": white}
        backbone = self.pipeline.backbone(self.options)
        weights = {} if backbone is None else {"weights": dict(backbone.source)}
        return {**super().metadata(), "reading": reading, **weights}

    def short_digests(self, split: str) -> NDArray[np.uint64]:
        """Of the photos of a split, each once: the first 64 bits of their SHA-256."""
        digests, photo_of = self.fingerprints.short_digests(), self.photos.images.photo_of
        return np.unique(digests[photo_of[self.photos.splits[split]]])

    def photo_digests(self) -> dict[str, NDArray[np.uint64]]:
        """Of the photos that training learns from, and of those that it chooses the epoch by."""
        return {split: self.short_digests(split) for split in ("train", "validation")}

    def folds(self, count: int) -> Iterator["PhotoData"]:
        """Data of cross-validation: every photo is in one fold's test split.

        What is left is divided by content into train (85%) and validation, by which the best
        epoch is chosen: the test split decides nothing.
        """
        try:
            folds = list(k_fold(self.photos, self.fingerprints, count, self.options.split_seed))
        except ValueError as error:
            raise DataError(str(error)) from None
        for fold in folds:
            inner = split_by_content(
                fold.divided({UNDIVIDED: fold.splits["train"]}),
                self.fingerprints,
                {"train": 0.85, "validation": 0.15},
                self.options.split_seed,
            )
            splits = {**inner.splits, "test": fold.splits["validation"]}
            if set(splits) != set(SPLITS) or not all(map(len, splits.values())):
                raise DataError(f"--folds: too few photos for {count} folds")
            divided = self.photos.divided({split: splits[split] for split in SPLITS})
            check_classes(divided, "--folds")
            yield PhotoData(
                divided,
                self.fingerprints,
                self.pipeline,
                self.options,
                self.description,
            )


def eval_transforms(options: PhotoOptions, pipeline: PhotoPipeline) -> list[Transform]:
    """What is done to every photo, in evaluation."""
    return [*_colour_transforms(options), *pipeline.eval_transforms(options)]


def train_transforms(options: PhotoOptions, pipeline: PhotoPipeline) -> list[Transform]:
    """What is done to every training photo, each time anew where it is random."""
    return [*_colour_transforms(options), *pipeline.train_transforms(options)]


def _colour_transforms(options: PhotoOptions) -> list[Transform]:
    return [Grayscale()] if options.color == "grey" else []


def check_classes(photos: ImageDataset, origin: str) -> None:
    """Raise DataError where the training photos are all of one class: nothing is to be learned."""
    present = np.flatnonzero(photos.counts("train"))
    if not photos.multi_label and len(present) < 2:
        only = photos.class_names[int(present[0])]
        raise DataError(f"{origin}: all training photos are of the class {only!r}, expected two")

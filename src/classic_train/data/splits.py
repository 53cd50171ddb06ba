"""What every recipe knows of its data, wherever they come from, and data that are arrays."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_train.mini_batch.batches import Batches, Data
from src.classic_train.mini_batch.dataset import ArrayDataset
from src.load import ImageArrays, ImageDataset, Problems
from src.load.transforms import Compose, Grayscale, Resize, ToFloat, transform_config

SPLITS = ("train", "validation", "test")


class RecipeData(ABC):
    """Data in three splits: to train on, to choose by, to evaluate on.

    Attributes:
        class_names: of the classes or labels. Of a question of yes or no: one name for yes, or
            two, for no and for yes.
        description: one line.
        preprocessing: what is done to the inputs, for those who use the model: "input", a line of
            text; and for images "transform", as ``transform_config`` has it.
    """

    class_names: Sequence[str]
    description: str
    preprocessing: Mapping[str, Any]

    @property
    @abstractmethod
    def task(self) -> str:
        """ "binary", "multi_label" or "multi_class"."""

    @property
    def outputs(self) -> int:
        """Outputs of a network for these data."""
        return 1 if self.task == "binary" else len(self.class_names)

    @property
    @abstractmethod
    def input_shape(self) -> tuple[int, ...]:
        """Of one sample."""

    @abstractmethod
    def batches(self, split: str) -> Data:
        """The training or validation split, as ``MiniBatchTrainer.fit`` takes it."""

    @abstractmethod
    def dataset(self) -> ImageDataset:
        """All samples, before preprocessing where it is an image's."""

    @abstractmethod
    def targets(self, split: str) -> NDArray[Any]:
        """Targets of a split as the loss takes them: (samples,) or (samples, labels)."""

    @abstractmethod
    def examples(self, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """x and y of the first training samples, as the network takes them."""

    @abstractmethod
    def digest(self) -> str:
        """SHA-256 of all samples: equal for equal data in equal splits."""

    def validation_examples(self, count: int) -> NDArray[Any]:
        """x of the first validation samples, as the network takes them."""
        batches = self.batches("validation")
        if isinstance(batches, ArrayDataset):
            return batches.x[:count]
        assert isinstance(batches, Batches)
        found: list[NDArray[Any]] = []
        with closing(batches.epoch(0)) as epoch:
            for x, *_ in epoch:
                found.append(x)
                if sum(map(len, found)) >= count:
                    break
        return np.concatenate(found)[:count]

    def trained_examples(self, count: int, epoch: int) -> NDArray[Any]:
        """x of the first training samples of an epoch, with the random changes of the loader."""
        batches = self.batches("train")
        if isinstance(batches, ArrayDataset):
            return batches.x[:count]
        assert isinstance(batches, Batches)
        with closing(batches.epoch(epoch)) as arrays:
            return next(iter(arrays))[0][:count]

    def metadata(self) -> dict[str, Any]:
        """What a model file says of the data that it was trained on."""
        sizes = {split: len(self.targets(split)) for split in SPLITS}
        return {"description": self.description, "samples": sizes, "sha256": self.digest()}

    def photo_digests(self) -> dict[str, NDArray[np.uint64]]:
        """See ``SavedModel``."""
        return {}


def grey_images(text: str, height: int, width: int) -> dict[str, Any]:
    """``preprocessing`` of small grey images: what makes any photo one of them."""
    steps = Compose([Grayscale(), Resize((height, width)), ToFloat()])
    return {"input": text, "transform": transform_config(steps)}


@dataclass(frozen=True)
class ArrayData(RecipeData):
    """Data that are arrays, ready for the network.

    Attributes:
        train, validation, test: x (samples, ...) and y: (samples, labels) of 0 and 1, or
            (samples,) class numbers.
        class_names: see ``RecipeData``.
        description: one line.
        preprocessing: see ``RecipeData``.
        problems: what was left out while they were read, and the account of all.
    """

    train: ArrayDataset
    validation: ArrayDataset
    test: ArrayDataset
    class_names: Sequence[str]
    description: str
    preprocessing: Mapping[str, Any] = field(default_factory=lambda: {"input": "as given"})
    problems: Problems = field(default_factory=Problems)

    @property
    def task(self) -> str:
        """ "binary", "multi_label" or "multi_class", by what y is."""
        if self.train.y.ndim == 1:
            return "multi_class"
        return "binary" if self.train.y.shape[1] == 1 else "multi_label"

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of one row of x."""
        return self.train.x.shape[1:]

    def batches(self, split: str) -> ArrayDataset:
        """The arrays of a split."""
        part = {"train": self.train, "validation": self.validation, "test": self.test}[split]
        return part

    def dataset(self) -> ImageDataset:
        """All samples in one array, the labels as whole numbers."""
        parts = [self.batches(split) for split in SPLITS]
        x = np.concatenate([part.x for part in parts])
        y = np.concatenate([part.y for part in parts]).astype(np.int64)
        ends = np.cumsum([0, *map(len, parts)])
        rows = {split: np.arange(ends[k], ends[k + 1]) for k, split in enumerate(SPLITS)}
        images = ImageArrays(x, self.description)
        return ImageDataset(images, y, self.class_names, rows, self.problems)

    def targets(self, split: str) -> NDArray[Any]:
        """y of a split."""
        return self.batches(split).y

    def examples(self, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """The first rows of the training arrays."""
        return self.train.x[:count], self.train.y[:count]

    def digest(self) -> str:
        """SHA-256 of all arrays."""
        digest = hashlib.sha256()
        for part in (self.train, self.validation, self.test):
            for array in (part.x, part.y):
                digest.update(f"{array.dtype} {array.shape}".encode())
                digest.update(array.tobytes())
        return digest.hexdigest()

"""Mini-batches of images, made ahead of training by threads.

Decoding, resizing and augmenting happen inside Pillow and NumPy, which let go of Python's lock
there. So threads make the next mini-batches while the network trains on this one. Each
mini-batch is one task; at most ``prefetch`` of them are finished or under way, which bounds the
memory, and they are handed out in order. What happens to a sample depends on (seed, epoch, row)
alone, so the same mini-batches come out with any number of threads.
"""

from collections.abc import Generator, Iterator
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from src.common.ahead import results_ahead
from src.common.sharding import shard
from src.load.cache import CachedImages
from src.load.dataset import ImageDataset
from src.load.errors import UnreadableDataError
from src.load.prepared import PreparedImages, PreparedView
from src.load.problems import OnError, Problems
from src.load.transforms.base import Compose, Transform, as_compose
from src.load.transforms.conversion import ToFloat

Batch = tuple[NDArray[Any], NDArray[Any]]
"""x (samples, ...) and y: (samples,) class numbers, or (samples, labels)."""

ORDER, CHANGES = 0, 1
"""Purposes of random streams, so that one never repeats the numbers of another."""


class BatchLoader:
    """Mini-batches of one split of a data set, epoch by epoch.

    Args:
        dataset: of images and targets.
        split: name of the split; None for all samples.
        transform: from image to array; ``ToFloat()`` if None.
        batch_size: samples in a mini-batch; the last one may have fewer.
        shuffle: a new order in every epoch; else the order of the split.
        seed: of order and augmentation.
        threads: that make mini-batches. One keeps up with training as a rule, and leaves the cores
            to it; several are faster where photos are large or nothing else is done.
        prefetch: mini-batches that are made ahead, at most.
        cache: "memory", or a directory, to decode every image once; None to decode it every time.
            Images that the data set has prepared already are not decoded again.
        on_error: what to do where an image cannot be read: "skip" the sample, and file it in
            ``problems``, or "fail".
        rank, size: this worker among several: each makes its own shard of every mini-batch, which
            may be empty.
        dtype: of x, and of y where it has labels.
        progress: show a bar while the cache is filled, on a terminal.

    Attributes:
        rows: (samples,): of the data set, that are handed out.
        problems: images that could not be read.

    >>> from src.load import ImageArrays, ImageDataset
    >>> images = ImageArrays(np.zeros((5, 8, 8, 3), np.uint8))
    >>> dataset = ImageDataset(images, np.arange(5) % 2, ["a", "b"], {"train": np.arange(5)})
    >>> loader = BatchLoader(dataset, "train", batch_size=2, shuffle=True)
    >>> [(x.shape, y.shape) for x, y in loader.epoch(1)]
    [((2, 8, 8, 3), (2,)), ((2, 8, 8, 3), (2,)), ((1, 8, 8, 3), (1,))]
    """

    def __init__(
        self,
        dataset: ImageDataset,
        split: str | None = None,
        transform: Transform | None = None,
        *,
        batch_size: int = 32,
        shuffle: bool = False,
        seed: int = 0,
        threads: int = 1,
        prefetch: int = 4,
        cache: Literal["memory"] | Path | None = None,
        on_error: OnError = "fail",
        rank: int = 0,
        size: int = 1,
        dtype: DTypeLike = np.float32,
        progress: bool = True,
    ) -> None:
        for name, value in (
            *(("batch_size", batch_size), ("threads", threads)),
            *(("prefetch", prefetch), ("size", size)),
        ):
            if value < 1:
                raise ValueError(f"{name}: expected 1 or more, got {value}")
        if not 0 <= rank < size:
            raise ValueError(f"rank: expected 0 to {size - 1}, got {rank}")
        if split is not None and split not in dataset.splits:
            known = ", ".join(dataset.splits)
            raise ValueError(f"split: expected one of {known}, got {split!r}")
        self.targets = dataset.targets
        self.rows = dataset.rows() if split is None else dataset.splits[split]
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.threads = threads
        self.prefetch = prefetch
        self.rank = rank
        self.size = size
        self.dtype = np.dtype(dtype)
        self.problems = Problems(on_error)
        self._shape: tuple[int, ...] = ()  # of a sample; not known yet
        self.transform = Compose([ToFloat()]) if transform is None else as_compose(transform)
        self.images: Any = dataset.images
        fixed, rest = self.transform.fixed_and_rest()
        if isinstance(dataset.images, PreparedImages) and dataset.images.has(fixed):
            self.images, self.transform = PreparedView(dataset.images, fixed), rest
        elif cache is not None:
            self.transform = rest
            self.images = CachedImages(
                dataset.images,
                self.rows,
                fixed,
                None if cache == "memory" else Path(cache),
                problems=self.problems,
                progress=progress,
            )
            self.rows = self.images.rows
        if not len(self.rows):
            raise UnreadableDataError(f"{split or 'the data set'}: there are no samples to load")

    def __len__(self) -> int:
        """Mini-batches in an epoch."""
        return -(-len(self.rows) // self.batch_size)

    def shard(self, rank: int, size: int) -> "BatchLoader":
        """The same loader, of whose mini-batches one worker makes its shard; one cache for both."""
        loader = copy(self)
        loader.rank, loader.size = rank, size
        return loader

    @property
    def split_targets(self) -> NDArray[Any]:
        """Targets of all samples of an epoch, in the order of the split; no image is read."""
        return self.targets[self.rows]

    @property
    def samples(self) -> int:
        """Samples in an epoch, of all workers."""
        return len(self.rows)

    def epoch(self, number: int = 0) -> Generator[Batch, None, None]:
        """The mini-batches of an epoch: every sample once.

        Args:
            number: of the epoch; the same number, the same mini-batches.

        Raises:
            UnreadableDataError: an image cannot be read, and ``on_error`` is "fail".
            ValueError: the images of a mini-batch differ in size.
        """
        loaded = 0
        load = partial(self._load, number=number)
        batches = self._batches(number)
        for batch in results_ahead(batches, load, self.threads, self.prefetch, "loader"):
            loaded += len(batch[0])
            if len(batch[0]) or self.size > 1:  # all ranks make the same number of steps
                yield batch
        if not loaded and self.size == 1:
            raise UnreadableDataError(
                f"none of {self.samples} images can be read: {self.problems.found[0].text}"
            )

    def _batches(self, number: int) -> Iterator[NDArray[np.intp]]:
        """Rows of this worker's shard of every mini-batch."""
        rows = self.rows
        if self.shuffle:
            rows = np.random.default_rng([self.seed, ORDER, number]).permutation(rows)
        for start in range(0, len(rows), self.batch_size):
            batch = rows[start : start + self.batch_size]
            yield batch[shard(len(batch), self.rank, self.size)]

    def _load(self, rows: NDArray[np.intp], number: int) -> Batch:
        """Images and targets of some rows; runs in a thread."""
        images, kept = [], []
        for row in rows.tolist():
            try:
                images.append(self._image(row, number))
            except UnreadableDataError as error:
                self.problems.add("unreadable images", str(error))
            else:
                kept.append(row)
        shapes = {image.shape for image in images}
        if len(shapes) > 1:
            raise ValueError(
                f"images of different sizes in a mini-batch, {' and '.join(map(str, shapes))}: "
                "put a Resize or a crop into the transform"
            )
        if images:
            self._shape = images[0].shape
        elif not self._shape and self.size > 1:  # an empty shard, before any other
            self._shape = self._image(int(self.rows[0]), number).shape
        x = np.stack(images) if images else np.zeros((0, *self._shape))
        x = x.astype(self.dtype, copy=False)
        y = self.targets[kept]
        return x, y.astype(self.dtype) if y.ndim == 2 else y

    def _image(self, row: int, number: int) -> NDArray[Any]:
        rng = np.random.default_rng([self.seed, CHANGES, number, row])
        return np.asarray(self.transform(self.images[row], rng))

"""Features of photos, computed once: what a frozen backbone says of each, to train a head on.

A backbone that does not change says the same of the same picture in every epoch. So its outputs for
a few augmented views of each training photo, and for the others as they are, are computed once and
kept on disk in float16; epoch e trains on view (e - 1) mod K of each photo, in the order in which
the photos themselves would have come. The first K epochs are those of training without the cache,
to the rounding of float16.
"""

import errno
import hashlib
import json
import os
from collections.abc import Generator
from contextlib import closing
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from src.classic_cnn.fold_batch_norm import fold_batch_norm
from src.classic_nn.array_types import Array
from src.classic_nn.layers import Sequential
from src.classic_nn.serialization import arrays_digest, network_arrays
from src.classic_nn.utils.eval import predict_logits
from src.classic_train.data.photos import PhotoData
from src.classic_train.mini_batch import DataError
from src.classic_train.parallel.workers import Worker, WorkerTeam
from src.common.files import atomic_path
from src.common.sharding import shard
from src.load.loader import ORDER, BatchLoader
from src.load.transforms import transform_description

FEATURES = Path("assets/cache/features")
"""Where features are kept, relative to the working directory."""


class FeatureBatches:
    """Mini-batches of the features of a split, in the order that its photos would come in.

    Args:
        loader: of the split's photos.
        views: (views, samples, features), of the samples in the order of ``loader.rows``.
    """

    def __init__(self, loader: BatchLoader, views: NDArray[np.float16]) -> None:
        self.loader = loader
        self.views = views

    def __len__(self) -> int:
        return len(self.loader)

    def shard(self, rank: int, size: int) -> "FeatureBatches":
        """The same, of whose mini-batches one process has its shard."""
        part = copy(self)
        part.loader = self.loader.shard(rank, size)
        return part

    @property
    def split_targets(self) -> NDArray[Any]:
        """Targets of all samples, in the order of the split."""
        return self.loader.split_targets

    def epoch(self, number: int) -> Generator[tuple[NDArray[Any], NDArray[Any]], None, None]:
        """x (samples, features) and y of each mini-batch: every sample once."""
        loader = self.loader
        view = self.views[(number - 1) % len(self.views)]
        places = np.arange(len(loader.rows))
        if loader.shuffle:
            places = np.random.default_rng([loader.seed, ORDER, number]).permutation(places)
        for start in range(0, len(places), loader.batch_size):
            batch = places[start : start + loader.batch_size]
            batch = batch[shard(len(batch), loader.rank, loader.size)]
            y = loader.targets[loader.rows[batch]]
            yield view[batch].astype(loader.dtype), y.astype(loader.dtype) if y.ndim == 2 else y


class PhotoFeatures:
    """The training and validation photos of a run as features of a backbone.

    Args:
        data: the photos.
        backbone: frozen, from photos to features, (features,), or to maps of an inner stage.
        views: augmented ones of each training photo.
        threads: that compute.
        quiet: show no progress.

    Attributes:
        input_shape: of one sample, (features,) or (height, width, channels).

    Raises DataError where the features cannot be kept, as on a full disk; nothing is left of them.
    """

    def __init__(
        self, data: PhotoData, backbone: Sequential, views: int, threads: int, quiet: bool
    ) -> None:
        self.input_shape = backbone.output_shape(backbone.built_shape())
        self._network = fold_batch_norm(backbone)
        self._team = WorkerTeam(threads)
        self._quiet = quiet
        weights = _weights_digest(backbone)
        self._batches = {
            "train": self._of_split(data, "train", views, weights),
            "validation": self._of_split(data, "validation", 1, weights),
        }

    def batches(self, split: str) -> FeatureBatches:
        """Of the training or the validation photos."""
        return self._batches[split]

    def validation_examples(self, count: int) -> Array:
        """Features of the first validation photos."""
        batches = self._batches["validation"]
        first: Array = batches.views[0][:count].astype(batches.loader.dtype)
        return first

    def _of_split(self, data: PhotoData, split: str, views: int, weights: str) -> FeatureBatches:
        loader = data.batches(split)
        path = FEATURES / f"{features_key(data, split, loader, views, weights)}.npy"
        shape = (views, len(loader.rows), *self.input_shape)
        try:
            if not path.is_file():
                self._compute(loader, path, shape, split)
            found = np.load(path, mmap_mode="r")
            if found.shape != shape or found.dtype != np.float16:
                raise ValueError(f"expected {shape}, got {found.shape}")
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            what = "the disk is full" if full else error.strerror or str(error)
            size = 2 * int(np.prod(shape)) / 1e6
            raise DataError(
                f"{FEATURES}: cannot keep {size:,.0f} MB of features ({what}); free some space, or "
                "train with --cache-features 0"
            ) from None
        except (ValueError, EOFError):
            path.unlink()  # of an interrupted machine: made again
            return self._of_split(data, split, views, weights)
        return FeatureBatches(loader, found)

    def _compute(self, loader: BatchLoader, path: Path, shape: tuple[int, ...], split: str) -> None:
        """Write the features of all views, whole or not at all."""
        in_order = copy(loader)
        in_order.shuffle = False
        with (
            atomic_path(path) as partial_path,
            self._team,
            tqdm(
                total=shape[0] * shape[1],
                desc=f"features, {split}",
                unit=" photos",
                disable=True if self._quiet else None,
            ) as bar,
        ):
            views = np.lib.format.open_memmap(partial_path, "w+", np.float16, shape)
            reserve(partial_path)
            for k in range(shape[0]):
                done = 0
                # what happens to a photo depends on the epoch's number: view k is that of epoch k
                with closing(in_order.epoch(k + 1 if loader.shuffle else 0)) as epoch:
                    for x, _ in epoch:
                        parts = self._team.run(partial(self._of_shard, x))
                        views[k, done : done + len(x)] = np.concatenate(parts)
                        done += len(x)
                        bar.update(len(x))
            views.flush()

    def _of_shard(self, x: Array, worker: Worker) -> Array:
        return predict_logits(self._network, x[shard(len(x), worker.thread, worker.threads)])


def reserve(path: Path) -> None:
    """Take the space of a file that is mapped into memory.

    A full disk is an error now, and not a crash when a page of it is written.
    """
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def features_key(data: PhotoData, split: str, loader: BatchLoader, views: int, weights: str) -> str:
    """What features depend on, as a name: photos, what is done to them, seed, and weights."""
    random = loader.shuffle
    transform = data.train_transform if random else data.eval_transform
    what = {
        "photos": data.digest_of(split),
        "transform": transform_description(transform),
        "seed": loader.seed if random else None,
        "views": views,
        "weights": weights,
        "dtype": loader.dtype.name,
    }
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:32]


def _weights_digest(network: Sequential) -> str:
    """SHA-256 of architecture and weights."""
    text = json.dumps(network.config(), sort_keys=True) + arrays_digest(network_arrays(network))
    return hashlib.sha256(text.encode()).hexdigest()

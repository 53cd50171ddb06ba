"""Where mini-batches come from: arrays in memory, or a loader that makes them on the way."""

from collections.abc import Generator, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from src.classic_train.mini_batch.dataset import ArrayDataset
from src.classic_train.mini_batch.utils import SHUFFLING, random_stream, shuffled_batches
from src.common.sharding import shard


class Augmentation(Protocol):
    """Changes training inputs at random: first draws the parameters, then applies them.

    Drawing is done once for a whole mini-batch and the work by each worker for its own shard, so
    the result does not depend on how many workers there are.
    """

    def draw(self, samples: int, rng: np.random.Generator) -> NDArray[Any]:
        """(samples, ...): parameters of the change of each sample."""

    def apply(self, x: NDArray[Any], params: NDArray[Any]) -> NDArray[Any]:
        """New inputs of the shape and dtype of x (samples, ...)."""


@runtime_checkable
class Batches(Protocol):
    """Mini-batches, epoch by epoch; ``src.load.BatchLoader`` is one.

    They have a seed of their own: a resumed run goes on exactly if it is given the same again.
    Those that are trained on by several processes also have ``shard(rank, size)``: mini-batches of
    which this one makes the rows of process ``rank`` alone, in the same order.
    """

    def __len__(self) -> int:
        """Mini-batches in an epoch."""

    def epoch(self, number: int) -> Generator[tuple[NDArray[Any], ...], None, None]:
        """(x, y) or (x, y, sample_weights) of each mini-batch; the same for the same number."""


Data = ArrayDataset | Sequence[NDArray[Any]] | Batches
"""A dataset, a tuple (x, y) or (x, y, sample_weights), or a loader of mini-batches."""


def shard_batches(batches: Batches, rank: int, size: int) -> Batches:
    """The mini-batches, of which one of ``size`` processes has its shard.

    Raises TypeError for a loader of several processes that cannot be divided.
    """
    if size == 1:
        return batches
    if not hasattr(batches, "shard"):
        raise TypeError(
            f"{size} processes train together: expected a loader with shard(rank, size), got a "
            f"{type(batches).__name__}"
        )
    divided: Batches = batches.shard(rank, size)
    return divided


class ArrayBatches:
    """Shuffled mini-batches of arrays.

    Args:
        data: all samples.
        batch_size: samples in a mini-batch; the last one may have fewer.
        seed: of the order.
        rank, size: this process among several: it has its own shard of every mini-batch.
    """

    def __init__(
        self, data: ArrayDataset, batch_size: int, seed: int, rank: int = 0, size: int = 1
    ) -> None:
        self.data = data
        self.batch_size = batch_size
        self.seed = seed
        self.rank = rank
        self.size = size

    def shard(self, rank: int, size: int) -> "ArrayBatches":
        """The same mini-batches, of which one process has its shard."""
        return ArrayBatches(self.data, self.batch_size, self.seed, rank, size)

    def __len__(self) -> int:
        return -(-len(self.data) // self.batch_size)

    def epoch(self, number: int) -> Generator[tuple[NDArray[Any], ...], None, None]:
        """Every sample once, in an order of this epoch's own."""
        shuffling = random_stream(self.seed, SHUFFLING, number)
        for rows in shuffled_batches(len(self.data), self.batch_size, shuffling):
            yield self.data[rows[shard(len(rows), self.rank, self.size)]].arrays()


class WholeBatch:
    """All samples in one mini-batch, in their order: arrays for evaluation.

    Args:
        data: all samples.
        rank, size: this process among several: it has its own shard.
    """

    def __init__(self, data: ArrayDataset, rank: int = 0, size: int = 1) -> None:
        self.data = data
        self.own = data.shard(rank, size)

    def shard(self, rank: int, size: int) -> "WholeBatch":
        """The same samples, of which one process has its shard."""
        return WholeBatch(self.data, rank, size)

    def __len__(self) -> int:
        return 1

    def epoch(self, number: int) -> Generator[tuple[NDArray[Any], ...], None, None]:
        """The one mini-batch."""
        yield self.own.arrays()

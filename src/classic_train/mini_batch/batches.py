"""Where mini-batches come from: arrays in memory, or a loader that makes them on the way."""

from collections.abc import Generator
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

from src.classic_train.mini_batch.dataset import ArrayDataset
from src.classic_train.mini_batch.utils import SHUFFLING, random_stream, shuffled_batches


@runtime_checkable
class Batches(Protocol):
    """Mini-batches, epoch by epoch; ``src.load.BatchLoader`` is one.

    They have a seed of their own: a resumed run goes on exactly if it is given the same again.
    """

    def __len__(self) -> int:
        """Mini-batches in an epoch."""

    def epoch(self, number: int) -> Generator[tuple[NDArray[Any], ...], None, None]:
        """(x, y) or (x, y, sample_weights) of each mini-batch; the same for the same number."""


class ArrayBatches:
    """Shuffled mini-batches of arrays.

    Args:
        data: all samples.
        batch_size: samples in a mini-batch; the last one may have fewer.
        seed: of the order.
    """

    def __init__(self, data: ArrayDataset, batch_size: int, seed: int) -> None:
        self.data = data
        self.batch_size = batch_size
        self.seed = seed

    def __len__(self) -> int:
        return -(-len(self.data) // self.batch_size)

    def epoch(self, number: int) -> Generator[tuple[NDArray[Any], ...], None, None]:
        """Every sample once, in an order of this epoch's own."""
        shuffling = random_stream(self.seed, SHUFFLING, number)
        for rows in shuffled_batches(len(self.data), self.batch_size, shuffling):
            batch = self.data[rows]
            yield (batch.x, batch.y) if batch.weights is None else (batch.x, batch.y, batch.weights)

"""From the data that a user gives to the micro-batches that this process trains on."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.layers.sequential import Sequential
from src.classic_nn.loss.base import Loss
from src.classic_train.mini_batch.batches import (
    ArrayBatches,
    Augmentation,
    Batches,
    Data,
    WholeBatch,
    shard_batches,
)
from src.classic_train.mini_batch.dataset import (
    ArrayDataset,
    as_dataset,
    check_inputs,
    check_targets,
)
from src.classic_train.mini_batch.step import MicroBatch
from src.classic_train.parallel.processes import Processes


class Feed:
    """Checks data before training, and cuts mini-batches into what each process has of them.

    Args:
        network: whose input and output the data have to fit.
        loss: whose targets they have to be.
        processes: that train together.
        augmentation: of training inputs.

    Attributes:
        samples_seen: in this epoch, by all processes.
    """

    def __init__(
        self,
        network: Sequential,
        loss: Loss,
        processes: Processes,
        augmentation: Augmentation | None,
    ) -> None:
        self.network = network
        self.loss = loss
        self.processes = processes
        self.augmentation = augmentation
        self.samples_seen = 0

    def training_batches(self, data: Data, batch_size: int, seed: int) -> Batches:
        """Mini-batches of checked arrays, or a loader; of several processes, this one's shard.

        Raises DataError for arrays, or targets of a loader, that cannot be trained on.
        """
        if not isinstance(data, Batches):
            data = ArrayBatches(self._checked(data, "train"), batch_size, seed)
        self._check_loader(data, "train")
        return shard_batches(data, self.processes.rank, self.processes.size)

    def validation_batches(self, data: Data | None) -> Batches | None:
        """A loader's mini-batches in their order; of arrays, one mini-batch with all samples.

        Raises DataError for arrays, or targets of a loader, that cannot be evaluated.
        """
        if data is None:
            return None
        if not isinstance(data, Batches):
            data = WholeBatch(self._checked(data, "validation"))
        self._check_loader(data, "validation")
        return shard_batches(data, self.processes.rank, self.processes.size)

    def _checked(self, data: ArrayDataset | Sequence[NDArray[Any]], name: str) -> ArrayDataset:
        dataset = as_dataset(data, name, self.network.parameters.vector.dtype)
        self.check(dataset, name)
        return dataset

    def check(self, data: ArrayDataset, name: str) -> None:
        """Raise DataError unless x and y fit the network, and y the loss."""
        check_inputs(data, name, self.network)
        check_targets(data.y, name, self.network, self.loss)

    def _check_loader(self, loader: Batches, name: str) -> None:
        """Raise DataError for targets of a loader that has them before its inputs are made."""
        targets = getattr(loader, "split_targets", None)
        if targets is not None:
            check_targets(targets, name, self.network, self.loss)

    def micro_batch(
        self, arrays: Sequence[NDArray[Any]], augmentation_rng: np.random.Generator | None = None
    ) -> MicroBatch:
        """This process's shard of a mini-batch, its place in the whole, and how it is augmented."""
        data = ArrayDataset(*arrays)
        weight = self.loss.total_weight(data.y, data.weights)
        before, total = 0, len(data)
        if self.processes.size > 1:
            # samples of each process, and the weight of all
            counts = np.zeros(self.processes.size + 1)
            counts[self.processes.rank], counts[-1] = len(data), weight
            *samples, weight = self.processes.all_reduce(counts).tolist()
            before, total = int(sum(samples[: self.processes.rank])), int(sum(samples))
        params = None
        if self.augmentation is not None and augmentation_rng is not None:
            params_of_all = self.augmentation.draw(total, augmentation_rng)
            params = params_of_all[before : before + len(data)]
        first = self.samples_seen + before
        self.samples_seen += total
        return MicroBatch(data, first, weight, params)

"""The training step of one worker: its share of a mini-batch, forwards and backwards.

Everything that trains on several threads or processes is this function, run by each worker: what
belongs to the whole mini-batch goes through the worker's ``all_reduce``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.context import Context
from src.classic_nn.layers.sequential import Sequential
from src.classic_nn.loss.base import Loss
from src.classic_nn.parameters import ParameterVector
from src.classic_nn.sample_streams import SampleStreams
from src.classic_train.mini_batch.augmentation import Augmentation
from src.classic_train.mini_batch.dataset import ArrayDataset
from src.classic_train.mini_batch.gradient_sum import GradientSum
from src.classic_train.workers import Worker


@dataclass(frozen=True)
class Part:
    """What this process has of a mini-batch.

    Attributes:
        arrays: its samples.
        first: place of the first one among the samples of the epoch.
        weight: what the loss of the whole mini-batch is divided by.
        drawn: how augmentation changes the samples, (samples, ...); None for not at all.
    """

    arrays: ArrayDataset
    first: int
    weight: float
    drawn: NDArray[Any] | None = None


@dataclass(frozen=True)
class Learner:
    """What a worker trains.

    Attributes:
        network: whose parameters all workers share.
        loss: what is minimized.
        augmentation: of the inputs.
        overlap: whether gradients are summed up while the backward pass goes on.
    """

    network: Sequential
    loss: Loss
    augmentation: Augmentation | None = None
    overlap: bool = False

    def step(
        self,
        parts: Sequence[Part],
        gradients: Array,
        streams: SampleStreams,
        worker: Worker,
    ) -> float:
        """Loss and gradients of mini-batches that count as one; each by itself fits the memory.

            loss = sum_k w_k loss_k / sum_k w_k,      gradients likewise

        with the weight w_k that the loss of mini-batch k is divided by. So they are those of one
        large mini-batch, but for batch normalization, whose statistics are of each.

        Args:
            parts: of this process; the worker takes its share of each.
            gradients: (parameters,), written: those of all workers together, in the first worker
                of each process.
            streams: of random numbers of the layers; belongs to this worker.
            worker: which one.

        Returns:
            The loss over all workers.
        """
        total = sum(part.weight for part in parts)
        loss = 0.0
        views = self.network.view_of(gradients)
        with np.errstate(over="ignore", invalid="ignore"):  # belongs to a thread
            if self.overlap and len(parts) == 1:
                together = GradientSum(gradients, worker)
                loss = self._backward(parts[0], views, streams, worker, together.finished)
                together.wait()
                return loss
            for k, part in enumerate(parts):
                share = part.weight / total
                one = views if k == 0 else self.network.gradient_vector()
                loss += share * self._backward(part, one, streams, worker)
                if len(parts) > 1:
                    one.vector *= one.vector.dtype.type(share)
                if k:
                    gradients += one.vector
            worker.all_reduce(gradients)
        return loss

    def _backward(
        self,
        part: Part,
        gradients: ParameterVector,
        streams: SampleStreams,
        worker: Worker,
        finished: Callable[[ParameterVector], None] | None = None,
    ) -> float:
        """Forwards and backwards; the gradients are those of this worker's share."""
        rows = part.arrays.rows_of(worker.thread, worker.threads)
        share = part.arrays[rows]
        streams.first = part.first + rows.start
        context = Context(training=True, rng=streams, communicator=worker, finished=finished)
        x = share.x
        if self.augmentation is not None and part.drawn is not None:
            x = self.augmentation.apply(x, part.drawn[rows])
        logits, caches = self.network.forward(x, context)
        loss, cache = self.loss.forward(logits, share.y, share.weights, context)
        dlogits = self.loss.backward(cache)
        self.network.backward(dlogits, caches, context, gradients, input_gradient=False)
        return loss

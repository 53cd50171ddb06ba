"""The training step of one worker: its shard of a mini-batch, forwards and backwards.

Everything that trains on several threads or processes is this step, made by each worker: what
belongs to the whole mini-batch goes through the worker's ``all_reduce``. What is the same in every
step (views of the gradient vector, context) is made once, so a step computes and nothing else.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from numpy.typing import NDArray

from src.classic_nn.context import Context
from src.classic_nn.layers.sequential import Sequential
from src.classic_nn.loss.base import Loss
from src.classic_nn.parameters import ParameterVector
from src.classic_nn.sample_streams import SampleStreams
from src.classic_train.mini_batch.batches import Augmentation
from src.classic_train.mini_batch.dataset import ArrayDataset
from src.classic_train.parallel.overlap import GradientSum
from src.classic_train.parallel.workers import Worker
from src.common.sharding import shard


class MicroBatch(NamedTuple):
    """What this process has of a mini-batch.

    Attributes:
        data: its samples.
        first: place of the first one among the samples of the epoch.
        weight: what the loss of the whole mini-batch is divided by.
        augmentation_params: how augmentation changes the samples, (samples, ...); None for not at
            all.
    """

    data: ArrayDataset
    first: int
    weight: float
    augmentation_params: NDArray[Any] | None = None


class WorkerStep:
    """The step of one worker.

    Args:
        network: built; all workers share its parameters.
        loss: what is minimized.
        worker: which one.
        augmentation: of the inputs.
        overlap: whether gradients are added up while the backward pass goes on.

    Attributes:
        gradients: of this worker; in the first worker of each process, after a step, those of all
            workers together.
    """

    def __init__(
        self,
        network: Sequential,
        loss: Loss,
        worker: Worker,
        augmentation: Augmentation | None = None,
        overlap: bool = False,
    ) -> None:
        self.network = network
        self.loss = loss
        self.worker = worker
        self.augmentation = augmentation
        self.overlap = overlap
        self.renew()
        self.begin_epoch(SampleStreams((), ()))

    def renew(self) -> None:
        """Make gradients of the layout that the trained parameters have now."""
        self.gradients = self.network.gradient_vector()
        self._accumulated: ParameterVector | None = None  # of one micro-batch among several

    def begin_epoch(self, streams: SampleStreams) -> None:
        """Take the layers' random numbers from ``streams``, which belong to this worker."""
        self.streams = streams
        self.context = Context(
            training=True, rng=streams, communicator=self.worker, input_gradient=False
        )

    def run(self, micro_batches: Sequence[MicroBatch]) -> float:
        """Loss and gradients of micro-batches that count as one; each by itself fits the memory.

            loss = sum_k w_k loss_k / sum_k w_k,      gradients likewise

        with the weight w_k that the loss of micro-batch k is divided by. So they are those of one
        large mini-batch, but for batch normalization, whose statistics are of each.

        Args:
            micro_batches: of this process; the worker takes its shard of each.

        Returns:
            The loss over all workers.
        """
        if len(micro_batches) > 1:
            loss = self._accumulate(micro_batches)
        elif self.overlap:
            gradient_sum = GradientSum(self.gradients.vector, self.worker)
            context = replace(self.context, finished=gradient_sum.finished)
            loss = self._forward_backward(micro_batches[0], self.gradients, context)
            gradient_sum.wait()
            return loss
        else:
            loss = self._forward_backward(micro_batches[0], self.gradients, self.context)
        self.worker.all_reduce(self.gradients.vector)
        return loss

    def _accumulate(self, micro_batches: Sequence[MicroBatch]) -> float:
        """Weighted sums over micro-batches."""
        if self._accumulated is None:
            self._accumulated = self.network.gradient_vector()
        total = sum(micro_batch.weight for micro_batch in micro_batches)
        loss = 0.0
        self.gradients.vector[...] = 0
        for micro_batch in micro_batches:
            part = self._accumulated
            fraction = micro_batch.weight / total
            loss += fraction * self._forward_backward(micro_batch, part, self.context)
            part.vector *= part.vector.dtype.type(fraction)
            self.gradients.vector += part.vector
        return loss

    def _forward_backward(
        self, micro_batch: MicroBatch, gradients: ParameterVector, context: Context
    ) -> float:
        """Forwards and backwards; the gradients are those of this worker's shard."""
        data, worker = micro_batch.data, self.worker
        rows = shard(len(data), worker.thread, worker.threads)
        own = data if worker.threads == 1 else data[rows]
        self.streams.first = micro_batch.first + rows.start
        x = own.x
        if self.augmentation is not None and micro_batch.augmentation_params is not None:
            x = self.augmentation.apply(x, micro_batch.augmentation_params[rows])
        logits, caches = self.network.forward(x, context)
        loss, cache = self.loss.forward(logits, own.y, own.weights, context)
        dlogits = self.loss.backward(cache)
        self.network.backward(dlogits, caches, context, gradients, input_gradient=False)
        return loss

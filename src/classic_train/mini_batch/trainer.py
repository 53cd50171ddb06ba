"""Training by mini-batches: the loop around the step that every worker makes."""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.layers.observing import layer_paths
from src.classic_nn.layers.sequential import Sequential
from src.classic_nn.loss.base import Loss
from src.classic_nn.optimizers import Optimizer, clip_by_norm, clip_by_value
from src.classic_nn.regularization import L2
from src.classic_nn.sample_streams import SampleStreams
from src.classic_nn.schedules import Schedule
from src.classic_nn.serialization import trained_arrays
from src.classic_nn.utils.eval import Metric
from src.classic_train.mini_batch.batches import (
    ArrayBatches,
    Augmentation,
    Batches,
    Data,
    WholeBatch,
)
from src.classic_train.mini_batch.callback import Callback
from src.classic_train.mini_batch.dataset import ArrayDataset
from src.classic_train.mini_batch.divergence import TrainingDivergedError, describe_divergence
from src.classic_train.mini_batch.evaluate import ValidationResult, validate
from src.classic_train.mini_batch.feed import Feed
from src.classic_train.mini_batch.learning_rate import LearningRate
from src.classic_train.mini_batch.state import load_trainer_state, trainer_state
from src.classic_train.mini_batch.step import MicroBatch, WorkerStep
from src.classic_train.mini_batch.utils import AUGMENTATION, LAYERS, grouped, random_stream
from src.classic_train.parallel.overlap import overlap_pays
from src.classic_train.parallel.processes import ALONE, DivergedElsewhereError, Processes
from src.classic_train.parallel.workers import WorkerTeam
from src.common.checks import check_number


class MiniBatchTrainer:
    """Trains a network by mini-batches.

    Args:
        network: built; trained in place.
        loss: what is minimized.
        optimizer: how.
        batch_size: samples in a mini-batch; a loader has its own.
        epochs: passes over the training data, counted from the very start also when resumed.
        schedule: learning rate over time; that of the optimizer if None.
        l2: regularization, a term of every cost.
        clip_norm: longest norm of the whole gradient; None for no limit.
        clip_value: largest component of the gradient; None for no limit.
        metrics: of the validation data, by name.
        augmentation: changes training inputs, each time otherwise; None leaves them as they are.
        callbacks: listeners; see ``Callback`` for the events.
        seed: of shuffling and of the layers' randomness. Same seed, same machine, same number of
            workers: the same numbers to the last bit; another number of workers: to rounding.
        accumulate: mini-batches whose gradients are added up for one update, as if they were one.
        workers: threads that share every mini-batch.
        product_threads: threads of the matrix library in each worker; see ``WorkerTeam``.
        processes: that train together. Each is given all data, and takes its own shard of every
            mini-batch; arrays given to ``train_on_batch`` are that shard.
        overlap: whether the gradients of the processes are added up while the backward pass goes
            on; None for where it pays: a large gradient on a slow network.

    Attributes:
        epoch: number of the current or last epoch, from 1; 0 before training.
        batch: number of the current mini-batch in its epoch, from 0; accumulated ones are one.
        batches: mini-batches in an epoch, counted likewise.
        batch_cost: cost of the current mini-batch, with regularization.
        gradients: of the current mini-batch, by parameter name.
        record: costs, metrics and learning rate of the epoch that ended.
        record_names: names that the records of this ``fit`` have.
        history: the records of all epochs.
        stop_reason: set it to stop training after the epoch, and say why.
        validation_outputs: logits and targets of the validation data after the epoch that ended;
            None without validation data.

    >>> from src.classic_nn import BinaryCrossEntropy, Dense, ReLU, Sequential, create_optimizer
    >>> from src.classic_nn.data_utils import generate_binary_classification_data
    >>> network = Sequential([Dense(16), ReLU(), Dense(1)])
    >>> _ = network.build((2,), np.random.default_rng(0))
    >>> adam = create_optimizer("adam", learning_rate=0.01)
    >>> trainer = MiniBatchTrainer(network, BinaryCrossEntropy(), adam, epochs=20)
    >>> history = trainer.fit(generate_binary_classification_data(500))
    >>> len(history), history[-1]["cost"] < 0.3
    (20, True)
    """

    def __init__(
        self,
        network: Sequential,
        loss: Loss,
        optimizer: Optimizer,
        *,
        batch_size: int = 64,
        epochs: int = 10,
        schedule: Schedule | None = None,
        l2: L2 | None = None,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        metrics: Mapping[str, Metric] | None = None,
        augmentation: Augmentation | None = None,
        callbacks: Iterable[Callback] = (),
        seed: int = 0,
        accumulate: int = 1,
        workers: int = 1,
        product_threads: int = 1,
        processes: Processes = ALONE,
        overlap: bool | None = None,
    ) -> None:
        for name, value in (
            ("batch_size", batch_size),
            ("epochs", epochs),
            ("accumulate", accumulate),
            ("workers", workers),
            ("product_threads", product_threads),
        ):
            check_number(name, value, 1, whole=True)
        for name, limit in (("clip_norm", clip_norm), ("clip_value", clip_value)):
            check_number(name, 1.0 if limit is None else limit, above=0)
        self.network = network
        self.loss = loss
        self.optimizer = optimizer
        self.batch_size = batch_size
        self.epochs = epochs
        self.l2 = l2
        self.clip_norm = clip_norm
        self.clip_value = clip_value
        self.metrics = dict(metrics or {})
        self.augmentation = augmentation
        self.accumulate = accumulate
        self.seed = seed
        schedules = [LearningRate(schedule)] if schedule else []
        self.callbacks = sorted([*schedules, *callbacks], key=lambda callback: callback.order)

        self.team = WorkerTeam(workers, product_threads, processes)
        if overlap is None:
            overlap = overlap_pays(processes, network.parameters.vector)
        self.worker_steps = [
            WorkerStep(network, loss, worker, augmentation, overlap) for worker in self.team.workers
        ]
        self.gradients = self.worker_steps[0].gradients
        self.feed = Feed(network, loss, processes, augmentation)
        self.epoch = 0
        self.batch = 0
        self.batches = 0
        self.batch_cost = math.nan
        self.record: dict[str, float] = {}
        self.record_names: Sequence[str] = ()
        self.history: list[dict[str, float]] = []
        self.stop_reason: str | None = None
        self.validation_outputs: tuple[Array, NDArray[Any]] | None = None
        self._streams_epoch: int | None = None  # whose random numbers the layers draw

    def fit(self, train: Data, validation: Data | None = None) -> list[dict[str, float]]:
        """Train until ``epochs`` or until a callback asks to stop; return the history.

        Args:
            train: x (samples, *input_shape), y, and optionally sample weights (samples,); or a
                loader that makes mini-batches of them while others are trained on.
            validation: likewise; evaluated after every epoch.

        Raises:
            DataError: an array holds NaN (of a loader, the cost shows it), shapes do not fit, or
                targets are not those that the loss is defined for.
            TrainingDivergedError: a cost or a parameter is no longer finite.
        """
        train_batches = self.feed.training_batches(train, self.batch_size, self.seed)
        validation_batches = self.feed.validation_batches(validation)
        self.batches = -(-len(train_batches) // self.accumulate)
        self.record_names = ["cost", "learning_rate"]
        if validation_batches is not None:
            self.record_names += ["validation_cost", *self.metrics]
        self.stop_reason = None
        self._notify("on_fit_begin")
        try:
            # overflow is no warning here: what is not finite ends training with a better message
            with self.team, np.errstate(over="ignore", invalid="ignore"):
                while self.epoch < self.epochs and self.stop_reason is None:
                    self.epoch += 1
                    self._share_state()
                    self._notify("on_epoch_begin")
                    cost = self._train_epoch(train_batches)
                    self._close_epoch(cost, validation_batches)
                    self._notify("on_epoch_end")
                    self.stop_reason = self.team.processes.from_first(self.stop_reason)
        except BaseException:
            self._notify("on_fit_failed")
            raise
        self._notify("on_fit_end")
        return self.history

    def unfreeze(self, *names: str) -> None:
        """Train layers from now on that were frozen; the optimizer begins anew.

        Its moments of the parameters trained so far are given up too: they would be compared with
        those of new ones under one count of steps, which corrects both alike.
        """
        before = trained_arrays(self.network)
        for name in names:
            self.network[name].unfreeze()
        after = trained_arrays(self.network)
        self.optimizer.forget()
        for step in self.worker_steps:
            step.renew()
        self.gradients = self.worker_steps[0].gradients
        found = {name: array for name, array in after.items() if name not in before}
        for callback in self.callbacks:
            callback.on_unfreeze(self, found)

    def _train_epoch(self, train: Batches) -> float:
        """One pass over the data; the mean cost over its samples, as they were met."""
        self._begin_streams()
        augmentation_rng = random_stream(self.seed, AUGMENTATION, self.epoch)
        unchecked = not isinstance(train, ArrayBatches) and not self.history
        total = weight = 0.0
        with closing(train.epoch(self.epoch)) as epoch:
            feed = self.feed
            micro_batches = (feed.micro_batch(arrays, augmentation_rng) for arrays in epoch)
            groups = grouped(micro_batches, self.accumulate)
            for self.batch, group in enumerate(groups):
                if unchecked:
                    for micro_batch in group:
                        self.feed.check(micro_batch.data, f"train (mini-batch {self.batch})")
                counting = [micro_batch for micro_batch in group if micro_batch.weight]
                if not counting:
                    continue  # none of the samples counts
                self._train_batch(counting)
                weight_of_step = sum(micro_batch.weight for micro_batch in counting)
                total += self.batch_cost * weight_of_step
                weight += weight_of_step
        return total / weight

    def train_on_batch(self, *batch: NDArray[Any]) -> float:
        """One step on one mini-batch, for loops of your own; returns its cost.

        Args:
            batch: x, y and optionally sample weights, as for ``fit``, in the network's dtype.

        ``fit`` does the same for every mini-batch of every epoch. Here there are no epochs: the
        learning rate is that of the optimizer, layers with randomness go on drawing, and
        augmentation is yours. Nothing is checked beforehand. Call it inside ``with trainer.team:``.
        """
        if self._streams_epoch != self.epoch:
            self._begin_streams()
        with np.errstate(over="ignore", invalid="ignore"):
            self._train_batch([self.feed.micro_batch(batch)])
        return self.batch_cost

    def _train_batch(self, micro_batches: Sequence[MicroBatch]) -> None:
        """Forward, loss, backward and update."""
        self._notify("on_batch_begin")
        losses = self.team.run(lambda worker: self.worker_steps[worker.thread].run(micro_batches))
        self._regularize(losses[0])
        if not math.isfinite(self.batch_cost):
            self._diverged(f"the cost is {self.batch_cost}", [m.data for m in micro_batches])
        self._notify("after_backward")
        self.optimizer.step(self.network.parameters, self.gradients, self.team.parallel_for)
        self._notify("on_batch_end")

    def _regularize(self, loss: float) -> None:
        """Add regularization to cost and gradients, then clip the gradients."""
        self.batch_cost = loss + self._penalty()
        if self.l2 is not None:
            self.l2.add_gradients(self.network.parameters, self.gradients)
        if self.clip_value is not None:
            clip_by_value(self.gradients.vector, self.clip_value)
        if self.clip_norm is not None:
            clip_by_norm(self.gradients.vector, self.clip_norm)

    def _penalty(self) -> float:
        return 0.0 if self.l2 is None else self.l2.penalty(self.network.parameters)

    def _close_epoch(self, cost: float, validation: Batches | None) -> None:
        """Evaluate and file the epoch's record; refuse to go on with broken parameters."""
        self.record = {"epoch": self.epoch, "cost": cost}
        self.record["learning_rate"] = self.optimizer.learning_rate
        if validation is not None:
            values, *outputs = self._validate(validation)
            self.validation_outputs = (outputs[0], outputs[1])
            self.record["validation_cost"] = values.pop("cost") + self._penalty()
            self.record.update(values)
        if not np.isfinite(self.network.parameters.vector).all():
            self._diverged("a parameter is not finite")
        if not math.isfinite(self.record.get("validation_cost", 0.0)):
            own = [validation.own] if isinstance(validation, WholeBatch) else []
            self._diverged(f"the validation cost is {self.record['validation_cost']}", own)
        self.history.append(self.record)

    def _validate(self, validation: Batches) -> ValidationResult:
        return validate(self.network, self.loss, validation, self.metrics, self.team)

    def _diverged(self, what: str, data: Sequence[ArrayDataset] = ()) -> NoReturn:
        """Stop; of several processes the one reports in whose samples it begins earliest."""
        message, depth = describe_divergence(self, what, data)
        depths = self.team.processes.all_values(depth)
        if self.team.processes.rank != depths.index(min(depths)):
            raise DivergedElsewhereError(message)
        raise TrainingDivergedError(message)

    def _begin_streams(self) -> None:
        """Begin the layers' random numbers of this epoch, which has seen no sample yet."""
        self.feed.samples_seen = 0
        self._streams_epoch = self.epoch
        key, layers = (self.seed, LAYERS, self.epoch), layer_paths(self.network)
        for step in self.worker_steps:
            step.begin_epoch(SampleStreams(key, layers))

    def _share_state(self) -> None:
        """All processes start an epoch with the numbers of the first, to the last bit."""
        for array in (self.network.parameters.vector, *self.network.buffers.values()):
            self.team.processes.array_from_first(array)

    def _notify(self, event: str) -> None:
        for callback in self.callbacks:
            getattr(callback, event)(self)

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Everything that a resumed run needs, as arrays and as metadata that JSON can hold."""
        return trainer_state(self)

    def load_state(self, arrays: Mapping[str, Array], metadata: Mapping[str, Any]) -> None:
        """Continue from ``state``: the next ``fit`` goes on as if it had never been stopped.

        Raises ValueError where the state is that of another network or optimizer.
        """
        load_trainer_state(self, arrays, metadata)
        self._streams_epoch = None

"""Training by mini-batches: the loop, and the step of one worker that everything rests on."""

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.checks import check_number
from src.classic_nn.communicator import Communicator
from src.classic_nn.context import Context
from src.classic_nn.layers.sequential import Sequential
from src.classic_nn.loss.base import Loss
from src.classic_nn.optimizers import Optimizer, clip_by_norm, clip_by_value
from src.classic_nn.regularization import L2
from src.classic_nn.schedules import Schedule
from src.classic_nn.utils.eval import Metric, evaluate_logits, predict_batches, predict_logits
from src.classic_train.callbacks import Callback, LearningRate
from src.classic_train.mini_batch.augmentation import Augmentation
from src.classic_train.mini_batch.batches import ArrayBatches, Batches
from src.classic_train.mini_batch.dataset import ArrayDataset, as_dataset, check_shapes
from src.classic_train.mini_batch.diagnosis import TrainingDivergedError, describe_divergence
from src.classic_train.mini_batch.state import load_trainer_state, trainer_state
from src.classic_train.mini_batch.utils import AUGMENTATION, LAYERS, random_stream
from src.classic_train.workers import WorkerTeam

Data = ArrayDataset | Sequence[NDArray[Any]] | Batches
"""A dataset, a tuple (x, y) or (x, y, sample_weights), or a loader of mini-batches."""


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
        metrics: figures of the validation data, by name.
        augmentation: changes training inputs, each time otherwise; None leaves them as they are.
        callbacks: listeners; see ``Callback`` for the events.
        seed: of shuffling and of the layers' randomness. Same seed, same machine, same number of
            workers: the same numbers to the last bit.
        workers: threads that share every mini-batch.
        product_threads: threads of the matrix library in each worker; see ``WorkerTeam``.

    Attributes:
        epoch: number of the current or last epoch, from 1; 0 before training.
        batch: number of the current mini-batch in its epoch, from 0.
        batches: mini-batches in an epoch.
        batch_cost: cost of the current mini-batch, with regularization.
        gradients: of the current mini-batch, by parameter name.
        record: costs, metrics and learning rate of the epoch that ended.
        history: the records of all epochs.
        stop_reason: set it to stop training after the epoch, and say why.
        judged: logits and targets of the validation data after the epoch that ended; None without.

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
        workers: int = 1,
        product_threads: int = 1,
    ) -> None:
        for name, value in (
            ("batch_size", batch_size),
            ("epochs", epochs),
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
        self.seed = seed
        schedules = [LearningRate(schedule)] if schedule else []
        self.callbacks = sorted([*schedules, *callbacks], key=lambda callback: callback.order)

        self.team = WorkerTeam(workers, product_threads)
        self.worker_gradients = [
            network.view_of(np.zeros_like(network.parameters.vector)) for _ in range(workers)
        ]
        self.gradients = self.worker_gradients[0]
        self.epoch = 0
        self.batch = 0
        self.batches = 0
        self.batch_cost = math.nan
        self.record: dict[str, float] = {}
        self.history: list[dict[str, float]] = []
        self.stop_reason: str | None = None
        self.judged: tuple[Array, NDArray[Any]] | None = None
        self._streams: list[np.random.Generator] | None = None

    def fit(self, train: Data, validation: Data | None = None) -> list[dict[str, float]]:
        """Train until ``epochs`` or until a callback asks to stop; return the history.

        Args:
            train: x (samples, *input_shape), y, and optionally sample weights (samples,); or a
                loader that makes mini-batches of them while others are trained on.
            validation: likewise; evaluated after every epoch.

        Raises:
            DataError: an array holds NaN (of a loader, the cost shows it), or shapes do not fit.
            TrainingDivergedError: a cost or a parameter is no longer finite.
        """
        batches = self._as_batches(train)
        judged = None if validation is None else self._as_validation(validation)
        self.batches = len(batches)
        self.stop_reason = None
        self._notify("on_fit_begin")
        try:
            # overflow is no warning here: what is not finite ends training with a better message
            with self.team, np.errstate(over="ignore", invalid="ignore"):
                while self.epoch < self.epochs and self.stop_reason is None:
                    self.epoch += 1
                    self._notify("on_epoch_begin")
                    cost = self._train_epoch(batches)
                    self._close_epoch(cost, judged)
                    self._notify("on_epoch_end")
        except BaseException:
            self._notify("on_fit_failed")
            raise
        self._notify("on_fit_end")
        return self.history

    def _as_batches(self, train: Data) -> Batches:
        """Mini-batches of checked arrays; a loader as it is."""
        if isinstance(train, Batches):
            return train
        return ArrayBatches(self._checked(train, "train"), self.batch_size, self.seed)

    def _as_validation(self, validation: Data) -> ArrayDataset | Batches:
        if isinstance(validation, Batches):
            return validation
        return self._checked(validation, "validation")

    def _checked(self, data: ArrayDataset | Sequence[NDArray[Any]], name: str) -> ArrayDataset:
        dataset = as_dataset(data, name, self.network.parameters.vector.dtype)
        check_shapes(dataset, name, self.network)
        return dataset

    def _train_epoch(self, train: Batches) -> float:
        """One pass over the data; the mean cost over its samples, as they were met."""
        streams = self._layer_streams()
        changes = random_stream(self.seed, AUGMENTATION, self.epoch)
        total = weight = 0.0
        with closing(train.epoch(self.epoch)) as epoch:
            for self.batch, arrays in enumerate(epoch):
                batch = ArrayDataset(*arrays)
                if self.batch == 0:
                    check_shapes(batch, "train", self.network)
                if batch.total_weight == 0:
                    continue  # its samples don't count
                drawn = None
                if self.augmentation is not None:
                    drawn = self.augmentation.draw(len(batch), changes)
                self._train_batch(batch, streams, drawn)
                total += self.batch_cost * batch.total_weight
                weight += batch.total_weight
        return total / weight

    def train_on_batch(self, *batch: NDArray[Any]) -> float:
        """One step on one mini-batch, for loops of your own; returns its cost.

        Args:
            batch: x, y and optionally sample weights, as for ``fit``, in the network's dtype.

        ``fit`` does the same for every mini-batch of every epoch. Here there are no epochs: the
        learning rate is that of the optimizer, layers with randomness go on drawing, and
        augmentation is yours. Nothing is checked beforehand. Call it inside ``with trainer.team:``.
        """
        if self._streams is None:
            self._streams = self._layer_streams()
        with np.errstate(over="ignore", invalid="ignore"):
            self._train_batch(ArrayDataset(*batch), self._streams)
        return self.batch_cost

    def _layer_streams(self) -> list[np.random.Generator]:
        """One source of randomness for the layers of each worker."""
        ranks = range(self.team.size)
        return [random_stream(self.seed, LAYERS, self.epoch, rank) for rank in ranks]

    def _train_batch(
        self,
        batch: ArrayDataset,
        streams: Sequence[np.random.Generator],
        drawn: NDArray[Any] | None = None,
    ) -> None:
        """Forward, loss, backward and update."""
        self._notify("on_batch_begin")
        losses = self.team.run(partial(self._step, batch, streams, drawn))
        self._regularize(losses[0])
        if not math.isfinite(self.batch_cost):
            what = f"the cost is {self.batch_cost}"
            raise TrainingDivergedError(describe_divergence(self, what, batch))
        self._notify("after_backward")
        self.optimizer.step(self.network.parameters, self.gradients, self.team.spread)
        self._notify("on_batch_end")

    def _step(
        self,
        batch: ArrayDataset,
        streams: Sequence[np.random.Generator],
        drawn: NDArray[Any] | None,
        worker: Communicator,
    ) -> float:
        """One worker's part of a training step: its share forwards, backwards, summed up.

        Afterwards every worker's gradients are those of the whole mini-batch. (NumPy's error
        state belongs to a thread, so it is set here again.)
        """
        share = batch.share(worker.rank, worker.size)
        gradients = self.worker_gradients[worker.rank]
        context = Context(training=True, rng=streams[worker.rank], communicator=worker)
        with np.errstate(over="ignore", invalid="ignore"):
            x = share.x
            if self.augmentation is not None and drawn is not None:
                x = self.augmentation.apply(x, drawn[batch.rows_of(worker.rank, worker.size)])
            logits, caches = self.network.forward(x, context)
            loss, cache = self.loss.forward(logits, share.y, share.weights, context)
            dlogits = self.loss.backward(cache)
            self.network.backward(dlogits, caches, context, gradients, input_gradient=False)
            worker.all_reduce(gradients.vector)
        return loss

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

    def _close_epoch(self, cost: float, validation: ArrayDataset | Batches | None) -> None:
        """Evaluate and file the epoch's record; refuse to go on with broken parameters."""
        self.record = {"epoch": self.epoch, "cost": cost}
        self.record["learning_rate"] = self.optimizer.learning_rate
        if validation is not None:
            judgement = self._evaluate(validation)
            self.record["validation_cost"] = judgement.pop("cost") + self._penalty()
            self.record.update(judgement)
        if not np.isfinite(self.network.parameters.vector).all():
            what = "a parameter is not finite"
            raise TrainingDivergedError(describe_divergence(self, what))
        if not math.isfinite(self.record.get("validation_cost", 0.0)):
            what = f"the validation cost is {self.record['validation_cost']}"
            arrays = validation if isinstance(validation, ArrayDataset) else None
            raise TrainingDivergedError(describe_divergence(self, what, arrays))
        self.history.append(self.record)

    def _evaluate(self, validation: ArrayDataset | Batches) -> dict[str, float]:
        """Figures of the validation data; logits and targets stay for the callbacks."""
        weights = None
        if isinstance(validation, Batches):
            with closing(validation.epoch(0)) as epoch:
                logits, y, weights = predict_batches(self.network, epoch)
        else:
            logits, y = predict_logits(self.network, validation.x), validation.y
            weights = validation.weights
        self.judged = logits, y
        return evaluate_logits(logits, self.loss, y, self.metrics, weights)

    def _notify(self, event: str) -> None:
        for callback in self.callbacks:
            getattr(callback, event)(self)

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Everything that a resumed run needs, as arrays and as facts that JSON can hold."""
        return trainer_state(self)

    def load_state(self, arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> None:
        """Continue from ``state``: the next ``fit`` goes on as if it had never been stopped.

        Raises ValueError where the state is that of another network or optimizer.
        """
        load_trainer_state(self, arrays, facts)
        self._streams = None

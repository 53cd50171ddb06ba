"""The events of training, and what may listen to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.layers.sequential import Sequential
from src.classic_nn.loss.base import Loss
from src.classic_nn.optimizers import Optimizer
from src.classic_nn.parameters import ParameterVector


class Training(Protocol):
    """What a callback sees of training; ``MiniBatchTrainer`` is one, and documents the attributes.

    Callbacks may set ``stop_reason``, the optimizer's learning rate, and the network's parameters.
    """

    network: Sequential
    loss: Loss
    optimizer: Optimizer
    callbacks: list[Callback]
    seed: int
    epochs: int
    epoch: int
    batch: int
    batches: int
    batch_cost: float
    gradients: ParameterVector
    record: dict[str, float]
    record_names: Sequence[str]
    history: list[dict[str, float]]
    stop_reason: str | None
    validation_outputs: tuple[Array, NDArray[Any]] | None

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Everything that a resumed run needs: arrays, and metadata that JSON can hold."""


class Callback:
    """Listens to training; subclasses override the events that they care for.

    Events, in order: fit begins; for each epoch: epoch begins; for each mini-batch: batch begins,
    after backward (gradients are complete, parameters not yet changed), batch ends; epoch ends;
    fit ends, or fit fails. Every event is given the trainer, whose attributes say the rest:
    ``epoch`` (from 1), ``batch`` (from 0), ``batches`` (in an epoch), ``record`` (costs and
    metrics of the epoch, when it ends), ``network``, ``gradients``, ``optimizer``.

    A callback with a memory that a resumed run needs returns it from ``state``.
    """

    name: str = ""
    """Under which a checkpoint saves the state; empty for a callback without one."""

    order: int = 0
    """Callbacks with a higher order hear each event later; equal ones in the order given."""

    def on_fit_begin(self, trainer: Training) -> None:
        """Training starts or is resumed."""

    def on_epoch_begin(self, trainer: Training) -> None:
        """An epoch starts."""

    def on_batch_begin(self, trainer: Training) -> None:
        """A mini-batch starts."""

    def after_backward(self, trainer: Training) -> None:
        """The gradients of the whole mini-batch are there, regularized and clipped."""

    def on_batch_end(self, trainer: Training) -> None:
        """The parameters have been updated."""

    def on_epoch_end(self, trainer: Training) -> None:
        """The epoch's costs and metrics are in ``trainer.record``."""

    def on_unfreeze(self, trainer: Training, arrays: Mapping[str, Array]) -> None:
        """Layers that were frozen are trained from now on; ``arrays`` are theirs, by name."""

    def on_fit_end(self, trainer: Training) -> None:
        """Training has come to its end."""

    def on_fit_failed(self, trainer: Training) -> None:
        """Training is being stopped by an error or by the user."""

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """What a resumed run needs: arrays, and metadata that JSON can hold."""
        return {}, {}

    def load_state(self, arrays: Mapping[str, Array], metadata: Mapping[str, Any]) -> None:
        """Continue from ``state``."""

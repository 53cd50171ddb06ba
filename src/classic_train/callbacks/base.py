"""The events of training, and what may listen to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from src.classic_nn.array_types import Array

if TYPE_CHECKING:
    from src.classic_train.mini_batch.trainer import MiniBatchTrainer


class Callback:
    """Listens to training; subclasses override the events that they care for.

    Events, in order: fit begins; for each epoch: epoch begins; for each mini-batch: batch begins,
    after backward (gradients are complete, parameters not yet changed), batch ends; epoch ends;
    fit ends, or fit fails. Every event is given the trainer, whose attributes tell the rest:
    ``epoch`` (from 1), ``batch`` (from 0), ``batches`` (in an epoch), ``record`` (costs and
    metrics of the epoch, when it ends), ``network``, ``gradients``, ``optimizer``.

    A callback with a memory that a resumed run needs returns it from ``state``.
    """

    name: str = ""
    """Under which a checkpoint keeps the state; empty for a callback without one."""

    order: int = 0
    """Callbacks with a higher order hear each event later; equal ones in the order given."""

    def on_fit_begin(self, trainer: MiniBatchTrainer) -> None:
        """Training starts or is resumed."""

    def on_epoch_begin(self, trainer: MiniBatchTrainer) -> None:
        """An epoch starts."""

    def on_batch_begin(self, trainer: MiniBatchTrainer) -> None:
        """A mini-batch starts."""

    def after_backward(self, trainer: MiniBatchTrainer) -> None:
        """The gradients of the whole mini-batch are there, regularized and clipped."""

    def on_batch_end(self, trainer: MiniBatchTrainer) -> None:
        """The parameters have been updated."""

    def on_epoch_end(self, trainer: MiniBatchTrainer) -> None:
        """The epoch's costs and metrics are in ``trainer.record``."""

    def on_fit_end(self, trainer: MiniBatchTrainer) -> None:
        """Training has come to its end."""

    def on_fit_failed(self, trainer: MiniBatchTrainer) -> None:
        """Training is being stopped by an error or by the user."""

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """What a resumed run needs: arrays, and facts that JSON can hold."""
        return {}, {}

    def load_state(self, arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> None:
        """Continue from ``state``."""

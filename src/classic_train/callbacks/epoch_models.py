"""The model of every epoch, ready for use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from src.classic_train.callbacks.base import Callback

if TYPE_CHECKING:
    from src.classic_train.mini_batch.trainer import MiniBatchTrainer


class EpochModels(Callback):
    """Writes ``epoch-0001.safetensors`` and so on: models to predict with, not to resume from.

    Args:
        directory: where the files go.
        every: so many epochs.
        save: writes the model, as it is at that moment, to a path.
    """

    def __init__(self, directory: Path, every: int, save: Callable[[Path], None]) -> None:
        self.directory = directory
        self.every = every
        self.save = save

    def on_epoch_end(self, trainer: MiniBatchTrainer) -> None:
        """Write the file if it is the epoch's turn."""
        if trainer.epoch % self.every == 0:
            self.save(self.directory / f"epoch-{trainer.epoch:04d}.safetensors")

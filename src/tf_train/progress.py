"""The lines in which Keras shows the progress of training, written by Keras itself."""

import sys
from typing import cast

import keras

from src.classic_train.mini_batch.callback import Callback, Training
from src.tf_train.trainer import KerasTrainer


class KerasProgress(Callback):
    """Keras's ``ProgbarLogger``: a bar with accuracy and loss of the epoch so far.

    Where nobody can see a bar move (a log file, a pipe), a line for each epoch takes its place:
    ``verbose=2`` of Keras's ``fit``.
    """

    def on_fit_begin(self, trainer: Training) -> None:
        """Say how much there is to do."""
        self._logger = keras.callbacks.ProgbarLogger()
        verbose = 1 if sys.stdout.isatty() else 2
        self._logger.set_params(
            {"verbose": verbose, "epochs": trainer.epochs, "steps": trainer.batches}
        )
        self._logger.on_train_begin()

    def on_epoch_begin(self, trainer: Training) -> None:
        """Begin a bar."""
        self._right = self._samples = 0
        self._cost = 0.0
        self._logger.on_epoch_begin(trainer.epoch - 1)

    def on_batch_end(self, trainer: Training) -> None:
        """Move the bar."""
        ours = cast(KerasTrainer, trainer)
        self._right += ours.batch_right
        self._samples += ours.batch_samples
        self._cost += ours.batch_cost * ours.batch_samples
        self._logger.on_train_batch_end(trainer.batch, self._logs())

    def on_epoch_end(self, trainer: Training) -> None:
        """End the bar with what the validation data say."""
        record = trainer.record
        names = {"val_accuracy": "accuracy", "val_loss": "validation_cost"}
        said = {name: record[key] for name, key in names.items() if key in record}
        self._logger.on_epoch_end(trainer.epoch - 1, {**self._logs(), **said})
        sys.stdout.flush()

    def _logs(self) -> dict[str, float]:
        return {"accuracy": self._right / self._samples, "loss": self._cost / self._samples}

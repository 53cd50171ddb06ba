"""Pictures of training for TensorBoard: filters, augmented samples, predictions, confusions."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix

from src.classic_nn.array_types import Array
from src.classic_nn.utils import plot_confusion_matrix, predict_classes, predict_labels
from src.classic_train.callbacks.live_pictures import figure_pixels, first_filters, sheet
from src.classic_train.mini_batch.callback import Callback, Training
from src.history import TrainingHistoryWriter

SHARE = 0.02
"""Of the time of training that pictures may take, after those of the first epoch."""

SHOWN = 16
"""Samples in a picture."""


class Pictures(Callback):
    """Records pictures in the first epoch, in the last, and between as often as 2% of the time
    allow: a picture takes a tenth of a second, which is an epoch of one recipe and nothing in
    another.

    Args:
        writer: of the history.
        class_names: of the classes or labels; of one output, no and yes or only yes.
        samples: returns the first training samples of an epoch as training sees them, as images
            (samples, height, width, channels) from 0 to 1; None where samples are no images.
        validation_images: the first validation samples, as such images.

    Confusions are counted over all validation samples, of classes that exclude each other.
    """

    order = 1  # after the callbacks that may end training in this epoch

    def __init__(
        self,
        writer: TrainingHistoryWriter,
        class_names: Sequence[str],
        samples: Callable[[int], Array] | None = None,
        validation_images: Array | None = None,
    ) -> None:
        self.writer = writer
        self.class_names = list(class_names)
        self.samples = samples
        self.validation_images = validation_images
        self._start = self._spent = 0.0

    def on_fit_begin(self, trainer: Training) -> None:
        """Start the clock."""
        self._start = time.perf_counter()

    def on_epoch_end(self, trainer: Training) -> None:
        """Record pictures, if there is time."""
        begin = time.perf_counter()
        last = trainer.epoch == trainer.epochs or trainer.stop_reason is not None
        if trainer.epoch > 1 and not last and self._spent > SHARE * (begin - self._start):
            return
        self._record(trainer, trainer.epoch)
        self.writer.flush()
        self._spent += time.perf_counter() - begin

    def _record(self, trainer: Training, epoch: int) -> None:
        filters = first_filters(trainer.network)
        if filters is not None:
            self.writer.write_image(epoch, "filters", filters)
        if self.samples is not None:
            self.writer.write_image(epoch, "augmented_samples", sheet(self.samples(epoch)[:SHOWN]))
        if trainer.validation_outputs is None:
            return
        logits, y = trainer.validation_outputs
        probabilities = trainer.loss.probabilities(logits)
        if self.validation_images is not None:
            texts, right = self._answers(probabilities[:SHOWN], y[:SHOWN])
            self.writer.write_image(
                epoch, "predictions", sheet(self.validation_images[:SHOWN], texts, list(right))
            )
        if y.ndim == 1 or y.shape[1] == 1:
            answers, truth = _classes(probabilities, y)
            names = self._names()
            counts = confusion_matrix(truth, answers, labels=range(len(names)))
            title = f"Validation data after epoch {epoch}"
            picture = figure_pixels(plot_confusion_matrix(counts, names, title))
            self.writer.write_image(epoch, "confusion_matrix", picture)

    def _names(self) -> list[str]:
        """Of the classes; a question of yes or no may come with one name, of yes."""
        names = self.class_names
        return [f"not {names[0]}", names[0]] if len(names) == 1 else names

    def _answers(
        self, probabilities: Array, y: NDArray[Any]
    ) -> tuple[list[str], NDArray[np.bool_]]:
        """What is predicted of samples, and whether it is right."""
        names = self._names()
        if y.ndim == 1 or y.shape[1] == 1:
            answers, truth = _classes(probabilities, y)
            return [names[k] for k in answers], answers == truth
        labels = predict_labels(probabilities)
        said = [", ".join(names[k] for k in np.flatnonzero(row)) or "none" for row in labels]
        return said, (labels == (y >= 0.5)).all(axis=1)


def _classes(probabilities: Array, y: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(samples,) class numbers: predicted ones and true ones, of a task with one answer."""
    if y.ndim == 1:
        return predict_classes(probabilities), y.astype(np.int64)
    return predict_labels(probabilities)[:, 0], predict_labels(y)[:, 0]

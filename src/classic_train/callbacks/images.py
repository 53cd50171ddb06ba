"""Pictures of training for TensorBoard: filters, augmented samples, predictions, confusions."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.layers import Sequential
from src.classic_nn.utils import plot_confusion_matrix, predict_labels
from src.classic_nn.utils.metrics import classes_of, confusion_matrix
from src.classic_train.mini_batch.callback import Callback, Training
from src.history import TrainingHistoryWriter
from src.load.image_grid import RIGHT, WRONG, image_grid, picture_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Pixels = NDArray[np.uint8]

TIME_FRACTION = 0.02
"""Of the time of training that pictures may take, after those of the first epoch."""

SHOWN = 16
"""Samples in a picture."""

MOST_FILTERS, FILTER_SIDE = 64, 48
"""Filters that are shown, and pixels of their side."""


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
        if trainer.epoch > 1 and not last and self._spent > TIME_FRACTION * (begin - self._start):
            return
        self._record(trainer, trainer.epoch)
        self.writer.flush()
        self._spent += time.perf_counter() - begin

    def _record(self, trainer: Training, epoch: int) -> None:
        filters = first_filters(trainer.network)
        if filters is not None:
            self.writer.write_image(epoch, "filters", filters)
        if self.samples is not None:
            shown = grid_pixels(self.samples(epoch)[:SHOWN])
            self.writer.write_image(epoch, "augmented_samples", shown)
        if trainer.validation_outputs is None:
            return
        logits, y = trainer.validation_outputs
        probabilities = trainer.loss.probabilities(logits)
        if self.validation_images is not None:
            texts, right = self._answers(probabilities[:SHOWN], y[:SHOWN])
            colors = [RIGHT if correct else WRONG for correct in right]
            shown = grid_pixels(self.validation_images[:SHOWN], texts, colors)
            self.writer.write_image(epoch, "predictions", shown)
        if y.ndim == 1 or y.shape[1] == 1:
            counts = confusion_matrix(y, probabilities)
            title = f"Validation data after epoch {epoch}"
            picture = figure_pixels(plot_confusion_matrix(counts, self._names(), title))
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
            truth, answers = classes_of(y, probabilities)
            return [names[k] for k in answers], answers == truth
        labels = predict_labels(probabilities)
        texts = [", ".join(names[k] for k in np.flatnonzero(row)) or "none" for row in labels]
        return texts, (labels == (y >= 0.5)).all(axis=1)


def first_filters(network: Sequential) -> Pixels | None:
    """The first weights that see an image: kernels of a convolution, or a dense layer's columns.

    Zero is grey; all filters have one scale, so that a faint one is seen to be faint.

    Returns:
        A grid of up to 64; None where no layer sees an image of one or three channels.
    """
    shape = network.built_shape()
    weights = next((w for w in network.parameters.values() if w.ndim > 1), None)
    if weights is None or len(shape) != 3 or shape[2] not in (1, 3):
        return None
    if weights.ndim == 4:
        if weights.shape[2] != shape[2]:  # a depthwise kernel
            return None
        filters = np.moveaxis(weights, 3, 0)
    elif weights.shape[0] == math.prod(shape):
        filters = weights.T.reshape(-1, *shape)
    else:
        return None
    filters = filters[:MOST_FILTERS]
    largest = max(float(np.abs(filters).max()), 1e-12)
    return grid_pixels(0.5 + filters / (2 * largest), side=FILTER_SIDE)


def grid_pixels(
    images: Array, captions: Sequence[str] = (), colors: Sequence[str] = (), **settings: Any
) -> Pixels:
    """Images (images, height, width, 1 or 3), from 0 black to 1 white, as one picture."""
    pictures = [picture for image in images if (picture := picture_of(image)) is not None]
    return np.asarray(image_grid(pictures, captions, colors, **settings))


def figure_pixels(figure: Figure) -> Pixels:
    """(height, width, 3): a matplotlib figure, drawn."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def visible(x: Array, steps: Sequence[Mapping[str, Any]] | None) -> Array:
    """Inputs of a network as images from 0 to 1.

    Args:
        x: (samples, height, width, channels).
        steps: of preprocessing, see ``transform_config``; a normalization at their end is undone.
            Without one, values outside of 0 to 1 are brought there, by one scale for all.
    """
    last = steps[-1] if steps else {}
    if last.get("name") == "Normalize":
        return x * np.asarray(last["std"]) + np.asarray(last["mean"])
    low, high = min(float(x.min()), 0.0), max(float(x.max()), 1.0)
    return (x - low) / (high - low)

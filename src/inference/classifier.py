"""A trained model at work: from photos to names and probabilities.

Preprocessing is what the model file says, so a photo becomes the same numbers as in training.
Every sample goes through the network by itself, read, prepared and computed by one thread on one
core. For the matrix library chooses its order of summation by the shape, and with some processors'
kernels also by a row's place in the matrix: so a photo gets the same numbers, bit for bit, whether
it comes alone or among others, and with any number of threads.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import src.classic_cnn  # noqa: F401  a model file may name its layers
from src.classic_nn.array_types import Array
from src.classic_nn.context import PREDICTION
from src.classic_nn.math import sigmoid, softmax
from src.classic_nn.serialization import SavedModel, TensorFileError
from src.classic_nn.serialization import load_model as load_saved_model
from src.common.ahead import results_ahead
from src.common.product_threads import limited_product_threads
from src.inference.rejection import RETAKE
from src.inference.samples import name_of, opened, several
from src.load.class_names import distinct_names
from src.load.errors import UnreadableDataError
from src.load.prepared import PreparedImages
from src.load.sources import Source
from src.load.transforms.base import Compose, Picture
from src.load.transforms.configuration import transform_from_config
from src.load.transforms.conversion import Normalize

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "binary": sigmoid,
    "multi_label": sigmoid,
    "multi_class": softmax,
}
"""From logits to probabilities, by task."""

HANDED_OVER = 8
"""Samples that a thread is given at once."""


@dataclass(frozen=True)
class Prediction:
    """What a model says of one image.

    Attributes:
        name: of the image: its file, or its number.
        labels: the most probable class; or all labels that reach the threshold.
        probabilities: of each class, by name.
        error: why there is none of this; empty as a rule.
    """

    name: str
    labels: tuple[str, ...] = ()
    probabilities: dict[str, float] | None = None
    error: str = ""


class Classifier:
    """Classifies photos with a saved model.

    Args:
        model: network, class names, preprocessing.
        threads: that read and compute at the same time.

    Attributes:
        classes: names by column of ``class_probabilities``; of a binary model no and yes.
        threshold: probability from which on a label is given; of the class "yes", if binary.
        reject_below: probability of an answer below which it is "retake"; see ``rejection``.

    Raises ValueError for a model that does not classify.
    """

    def __init__(self, model: SavedModel, threads: int = 2) -> None:
        if model.task not in ACTIVATIONS:
            raise ValueError(f"a model for {model.task} does not classify")
        if threads < 1:
            raise ValueError(f"threads: expected 1 or more, got {threads}")
        self.model = model
        self.threads = threads
        self.threshold = model.threshold
        self.reject_below = model.reject_below
        names = list(model.class_names)
        outputs = model.network.output_shape(model.network.built_shape())[-1]
        if not names:
            names = [f"class {k}" for k in range(outputs)]
        if len(names) != outputs and (model.task, outputs, len(names)) != ("binary", 1, 2):
            raise ValueError(f"{len(names)} class names do not fit {outputs} outputs")
        if model.task == "binary" and len(names) == 1:
            names = [f"not {names[0]}", names[0]]
        self.classes = distinct_names(names)
        self.white: int | None = model.data.get("reading", {}).get("white")
        self.input_shape = model.network.built_shape()
        steps = model.preprocessing.get("transform")
        self.transform: Compose | None = None if steps is None else transform_from_config(steps)
        self._largest = largest_value(self.transform)
        self._rng = np.random.default_rng(0)  # transforms of evaluation draw nothing

    def predict(
        self, images: Any, threshold: float | None = None, reject_below: float | None = None
    ) -> list[Prediction]:
        """Classify images; one that cannot be read has an ``error`` instead of an answer.

        Args:
            images: one, or several: paths, contents of files, Pillow images, arrays of 8-bit
                levels (height, width), (height, width, channels), (samples, height, width) or
                (samples, height, width, channels); floats are taken to be prepared as the network
                wants them.
            threshold: see ``threshold``; the model's own if None.
            reject_below: see ``reject_below``; the model's own if None.
        """
        return list(self.stream(several(images, self.input_shape), threshold, reject_below))

    def explain(
        self, images: Any, method: str = "integrated_gradients", **settings: Any
    ) -> list[Any]:
        """An ``Explanation`` for each image; see ``src.inference.explain.explain``."""
        # explanations stand on this class: it finds them when somebody asks for one
        explain = import_module("src.inference.explain").explain
        explanations: list[Any] = explain(self, images, method, **settings)
        return explanations

    def stream(
        self,
        images: Iterable[Any],
        threshold: float | None = None,
        reject_below: float | None = None,
    ) -> Iterator[Prediction]:
        """``predict`` for any number of images, one answer after the other."""
        for name, answer in self.answers(self.named(images)):
            yield self._prediction(name, answer, threshold, reject_below)

    def predict_here(
        self,
        name: str,
        read: Callable[[], Picture],
        threshold: float | None = None,
        reject_below: float | None = None,
    ) -> Prediction:
        """``predict`` for one image, in the calling thread: for whoever has threads of his own.

        Args:
            name: of the image.
            read: opens it; raises UnreadableDataError where it cannot be read.
            threshold, reject_below: see ``predict``.
        """
        ((_, answer),) = self._answer([(name, read)], self._probabilities)
        return self._prediction(name, answer, threshold, reject_below)

    def _prediction(
        self,
        name: str,
        answer: Array | UnreadableDataError,
        threshold: float | None,
        reject_below: float | None,
    ) -> Prediction:
        """What the probabilities (outputs,) of an image mean."""
        if isinstance(answer, UnreadableDataError):
            return Prediction(name, error=str(answer))
        least = self.reject_below if reject_below is None else reject_below
        row = self.class_probabilities(answer[np.newaxis])[0]
        found = dict(zip(self.classes, map(float, row), strict=True))
        labels = self.labels(answer, threshold)
        if least and self.certainty(row, labels) < least:
            labels = (RETAKE,)
        return Prediction(name, labels, found)

    def named(self, images: Iterable[Any]) -> Iterator[tuple[str, Callable[[], Picture]]]:
        """Name of each image, and a function that opens it; for ``answers``."""
        for k, image in enumerate(images):
            read = partial(opened, image, self.input_shape, self.white, self._largest)
            yield name_of(image, k), read

    def probabilities(self, source: Source, rows: NDArray[np.intp]) -> Array:
        """(samples, outputs): probabilities for some samples of a source, in their order.

        Raises UnreadableDataError at an image that cannot be read.
        """
        return self.computed(source, rows, self._probabilities)

    def logits(self, source: Source, rows: NDArray[np.intp]) -> Array:
        """(samples, outputs): what the network gives, before temperature and probabilities."""
        network = self.model.network
        return self.computed(source, rows, lambda x: network.forward(x, PREDICTION)[0])

    def computed(
        self, source: Source, rows: NDArray[np.intp], compute: Callable[[Array], Array]
    ) -> Array:
        """(samples, ...): what a function makes of the inputs of some samples.

        Args:
            source: of the samples.
            rows: of it.
            compute: from an input (1, ...) to something (1, ...).

        Raises UnreadableDataError at an image that cannot be read.
        """
        named = ((source.name(row), partial(self._sample, source, row)) for row in rows.tolist())
        answers = []
        for _, answer in self.answers(named, compute):
            if isinstance(answer, UnreadableDataError):
                raise answer
            answers.append(answer)
        return np.array(answers)

    def _probabilities(self, x: Array) -> Array:
        return self.from_logits(self.model.network.forward(x, PREDICTION)[0])

    def from_logits(self, logits: Array) -> Array:
        """Probabilities, at the model's temperature, of what its network gives."""
        if self.model.temperature != 1:
            logits = logits / logits.dtype.type(self.model.temperature)
        return ACTIVATIONS[self.model.task](logits)

    def _sample(self, source: Source, row: int) -> Picture:
        """A sample of a source; from where its decoding has stopped, if that is remembered."""
        if self.transform is not None and isinstance(source, PreparedImages):
            fixed, rest = self.transform.fixed_and_rest()
            if source.has(fixed):
                prepared: Picture = rest(source.prepared(fixed, row), self._rng)
                return prepared
        return source[row]

    def class_probabilities(self, probabilities: Array) -> Array:
        """(samples, classes) of (samples, outputs): a binary model's one output is that of yes."""
        if self.model.task != "binary":
            return probabilities
        return np.concatenate([1 - probabilities, probabilities], axis=1)

    def labels(self, outputs: Array, threshold: float | None = None) -> tuple[str, ...]:
        """The names that the (outputs,) of one sample stand for."""
        threshold = self.threshold if threshold is None else threshold
        if self.model.task == "multi_class":
            return (self.classes[int(outputs.argmax())],)
        if self.model.task == "binary":
            return (self.classes[int(outputs[0] >= threshold)],)
        return tuple(self.classes[k] for k in np.flatnonzero(outputs >= threshold))

    def certainty(self, probabilities: Array, labels: Sequence[str]) -> float:
        """Probability of an answer: of its class, or of the least certain of all labels.

        Args:
            probabilities: (classes,) of one sample.
            labels: of the answer.
        """
        given = np.isin(self.classes, labels)
        if self.model.task == "multi_label":
            return float(np.where(given, probabilities, 1 - probabilities).min())
        return float(probabilities[given].max())

    def prepare(self, picture: Picture) -> Array:
        """An input of the network from an image.

        Raises UnreadableDataError where the network takes something else.
        """
        if isinstance(picture, Image.Image):
            transform = self.image_transform()
            wanted = "L" if self.input_shape[-1:] == (1,) else "RGB"
            picture = picture if wanted == "L" else picture.convert("RGB")
            picture = transform(picture, self._rng)
        array = np.asarray(picture)
        if (*array.shape, 1) == self.input_shape:
            array = array[..., np.newaxis]
        if array.shape != self.input_shape:
            raise UnreadableDataError(
                f"expected an input of shape {self.input_shape}, got {array.shape}"
            )
        return array

    def image_transform(self) -> Compose:
        """What makes an input of an image; raises UnreadableDataError where nothing does."""
        if self.transform is None:
            shape = ", ".join(map(str, self.input_shape))
            raise UnreadableDataError(f"this model takes ({shape}) numbers, not images")
        return self.transform

    def check_threshold(self, threshold: float | None) -> None:
        """Raise UnreadableDataError for a threshold that the model has no use for."""
        if threshold is not None and self.model.task == "multi_class":
            raise UnreadableDataError(
                "--threshold: this model gives the most probable of several classes, and has none"
            )

    def answers(
        self,
        named: Iterable[tuple[str, Callable[[], Picture]]],
        compute: Callable[[Array], Array] | None = None,
    ) -> Iterator[tuple[str, Array | UnreadableDataError]]:
        """What is computed of each image, or why it is not, in order; some samples ahead.

        Args:
            named: name of each image, and a function that opens it.
            compute: from an input (1, ...) to something (1, ...); probabilities if None.

        Yields the name, and the result or the UnreadableDataError.
        """
        compute = compute or self._probabilities
        rest = iter(named)
        groups = iter(lambda: list(islice(rest, HANDED_OVER)), [])
        work = partial(self._answer, compute=compute)
        with limited_product_threads(1):
            for group in results_ahead(groups, work, self.threads, 2 * self.threads, "classifier"):
                yield from group

    def _answer(
        self,
        group: list[tuple[str, Callable[[], Picture]]],
        compute: Callable[[Array], Array],
    ) -> list[tuple[str, Array | UnreadableDataError]]:
        """Read, prepare and compute some samples, one after the other; runs in a thread."""
        answers: list[tuple[str, Array | UnreadableDataError]] = []
        network = self.model.network
        for name, read in group:
            try:
                x = self.prepare(read()).astype(network.parameters.vector.dtype, copy=False)
                answers.append((name, compute(x[np.newaxis])[0]))
            except UnreadableDataError as error:
                if name not in str(error):
                    error = UnreadableDataError(f"{name}: {error}")
                answers.append((name, error))
        return answers


def largest_value(transform: Compose | None) -> float:
    """The largest absolute value that a transform gives the pixels of an image; inf if unknown."""
    if transform is None:
        return float("inf")
    largest = 1.0
    for step in transform.transforms:
        if isinstance(step, Normalize):
            ends = (np.array([[0.0], [1.0]]) - step.mean) / step.std
            largest = float(np.abs(ends).max())
    return largest


def load_model(path: str | Path, threads: int = 2) -> Classifier:
    """Read a model that training has written, ready for ``predict``.

    >>> load_model("missing.safetensors")
    Traceback (most recent call last):
    src.classic_nn.serialization.tensor_file.TensorFileError: missing.safetensors: no such file

    Raises TensorFileError: missing, damaged, no model, or one that does not classify.
    """
    try:
        return Classifier(load_saved_model(path), threads)
    except TensorFileError:
        raise
    except ValueError as error:
        raise TensorFileError(f"{path}: {error}") from None

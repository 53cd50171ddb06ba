"""Whether a file says what the model says: both compute the same inputs, in onnxruntime and here.

Inputs are real photos, cut from two that scikit-learn has with it, prepared as the model wants
them; for a model of features normal random numbers.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from src.classic_nn.array_types import Array
from src.classic_nn.context import PREDICTION
from src.common.timing import interleaved_seconds
from src.inference.classifier import Classifier

COUNT = 16
"""Inputs that are compared."""

MAX_VALUES = 1 << 26
"""Values of all of them, at most."""

TYPES = {"tensor(float16)": np.float16, "tensor(double)": np.float64}
"""Types of inputs, as onnxruntime calls them."""


TOLERANCE = 1e-4
"""Largest difference that is allowed, relative to the largest output."""


class Agreement(NamedTuple):
    """What came out.

    Attributes:
        difference: the largest, relative to the largest output.
        same: fraction of inputs to which both give the same largest output.
        equal: fraction of outputs that are the same number.
        seconds: of one input on one core, ours and onnxruntime's, medians.
    """

    difference: float
    same: float
    equal: float
    seconds: tuple[float, float]

    def check(self, most: float = TOLERANCE) -> None:
        """Raise ValueError for a difference above what is allowed."""
        if not self.difference <= most:  # NaN is none
            raise ValueError(
                f"onnxruntime's outputs differ from the model's by {self.difference:.2g} of the "
                f"largest; expected {most:g} or less"
            )


def agreement_of(
    classifier: Classifier,
    path: Path,
    layout: str,
    finish: Callable[[Array], Array] = lambda logits: logits,
) -> Agreement:
    """Compare a model with a file.

    Args:
        classifier: of the model.
        path: of the file.
        layout: of its images.
        finish: makes of the model's logits what the file gives.
    """
    x = sample_inputs(classifier)
    network = classifier.model.network
    ours = np.concatenate(
        [finish(network.forward(x[k : k + 1], PREDICTION)[0]) for k in range(len(x))]
    )
    given = laid_out(x, layout)
    run = runtime(path)
    theirs = np.concatenate([run(given[k : k + 1]) for k in range(len(x))])
    if ours.ndim == 4 and layout == "nchw":
        theirs = np.moveaxis(theirs, 1, -1)
    theirs = theirs.reshape(ours.shape)
    flat = ours.reshape(len(x), -1), theirs.reshape(len(x), -1)
    seconds = interleaved_seconds(
        [lambda: network.forward(x[:1], PREDICTION), lambda: run(given[:1])]
    )
    return Agreement(
        float(np.abs(ours - theirs).max() / max(float(np.abs(ours).max()), 1e-30)),
        float((flat[0].argmax(axis=1) == flat[1].argmax(axis=1)).mean()),
        float((ours == theirs).mean()),
        (seconds[0], seconds[1]),
    )


def laid_out(x: Array, layout: str) -> Array:
    """(samples, height, width, channels) in a layout."""
    return np.ascontiguousarray(np.moveaxis(x, -1, 1)) if x.ndim == 4 and layout == "nchw" else x


def runtime(path: Path) -> Callable[[Array], Array]:
    """A function that has onnxruntime compute a file's first output, on one core.

    Raises ValueError for a file that it does not take.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # errors
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its classes have no common base of their own
        raise ValueError(f"onnxruntime does not take the file: {error}") from None
    (given,) = session.get_inputs()
    dtype = TYPES.get(given.type, np.float32)
    samples = given.shape[0] if isinstance(given.shape[0], int) else 1

    def run(x: Array) -> Array:
        try:
            y: Array = session.run(None, {given.name: np.repeat(x, samples, 0).astype(dtype)})[0]
        except Exception as error:
            raise ValueError(f"onnxruntime cannot compute the file: {error}") from None
        return y[: len(x)].astype(np.float32)

    return run


def sample_inputs(classifier: Classifier, count: int = COUNT) -> Array:
    """(count, *input_shape): parts of photos, prepared; random numbers where no photo fits."""
    rng = np.random.default_rng(0)
    count = min(count, max(MAX_VALUES // int(np.prod(classifier.input_shape)), 1))
    if classifier.transform is None:
        return rng.standard_normal((count, *classifier.input_shape), np.float32)
    photos = _photos()
    parts = [_part(photos[k % len(photos)], rng) for k in range(count)]
    return np.stack([classifier.prepare(part) for part in parts])


def _photos() -> list[Image.Image]:
    from sklearn.datasets import load_sample_images

    return [Image.fromarray(photo) for photo in load_sample_images().images]


def _part(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A part of a photo, a quarter of each side or more, anywhere."""
    width, height = (int(side * rng.uniform(0.25, 1)) for side in photo.size)
    left, top = (
        int(rng.integers(whole - part + 1))
        for whole, part in zip(photo.size, (width, height), strict=True)
    )
    return photo.crop((left, top, left + width, top + height))

"""What the command line of ``explain`` has chosen: methods, images, other photos, a folder."""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.common.files import model_name, results_directory
from src.inference.classifier import Classifier
from src.inference.explain.explainer import Explainer
from src.inference.explain.methods import OWN_SETTINGS, check_settings, suits
from src.inference.explain_options import ALL
from src.inference.explain_settings import METHOD_NAMES, Settings
from src.inference.inputs import named_images
from src.load import ImageDataset, read_data
from src.load.errors import UnreadableDataError
from src.load.transforms.base import Picture

ARRAYS = (".npz", ".npy")
"""Files of samples that are no photos, or already prepared."""

BACKGROUND = 100
"""Other photos that are used, at most, chosen at random."""

Named = tuple[str, Callable[[], Picture]]
"""Name of an image, and a function that opens it."""


def chosen_methods(arguments: argparse.Namespace, explainer: Explainer, default: str) -> list[str]:
    """Names of the methods to use; of all those that suit, and a line for each of the others.

    Raises UnreadableDataError for one that does not suit, and for options that cannot be.
    """
    chosen = arguments.method or default
    if chosen != ALL:
        cause = suits(chosen, explainer.classifier.model.network, explainer.background)
        if cause:
            raise UnreadableDataError(f"--method {chosen}: {cause}")
        methods = [chosen]
    else:
        methods = []
        for name in METHOD_NAMES:
            cause = suits(name, explainer.classifier.model.network, explainer.background)
            if cause:
                print(f"without {name}: {cause}", file=sys.stderr)
            else:
                methods.append(name)
    _check(arguments, explainer, methods)
    return methods


def _check(arguments: argparse.Namespace, explainer: Explainer, methods: Sequence[str]) -> None:
    """Raise UnreadableDataError for options that no method uses, or that cannot be."""
    default = Settings()
    for method, names in OWN_SETTINGS.items():
        for name in names:
            if method not in methods and getattr(explainer.settings, name) != getattr(
                default, name
            ):
                raise UnreadableDataError(f"--{name.replace('_', '-')} is for {method}")
    used = "expected_gradients" in methods or explainer.baseline == "average"
    if arguments.background and not used:
        raise UnreadableDataError("--background is for expected_gradients and --baseline average")
    rng = np.random.default_rng(0)
    x = rng.random(explainer.classifier.input_shape).astype(np.float32)
    try:
        check_settings(explainer.question(x, 0), methods)
    except ValueError as error:
        raise UnreadableDataError(str(error)) from None


def named_inputs(classifier: Classifier, arguments: Sequence[str]) -> list[Named]:
    """All that is to be explained, nothing of it read yet; of files of arrays each sample."""
    photos = named_images([image for image in arguments if not is_array(image)])
    named = list(classifier.named(photos))
    for image in filter(is_array, arguments):
        source = read_data(Path(image)).images
        named += [
            (source.name(row), partial(source.__getitem__, row)) for row in range(len(source))
        ]
    return named


def is_array(image: str) -> bool:
    """Whether a file has samples that are no photos."""
    return Path(image).suffix.lower() in ARRAYS


def background_photos(explainer: Explainer, place: str) -> Array:
    """Other inputs, some of them at random; one that cannot be read is left out, with a line.

    Raises UnreadableDataError where none is left.
    """
    rng = np.random.default_rng(explainer.settings.seed)
    named = named_inputs(explainer.classifier, [place])
    found = [x for _, x in explainer.inputs(named[row] for row in _some(len(named), rng))]
    inputs = [x for x in found if not isinstance(x, UnreadableDataError)]
    causes = [x for x in found if isinstance(x, UnreadableDataError)]
    if not inputs:
        raise UnreadableDataError(
            f"--background: {place} has no image that can be read: {causes[0]}"
        )
    for cause in causes:
        print(f"--background: without {cause}", file=sys.stderr)
    return np.stack(inputs)


def training_photos(
    classifier: Classifier, dataset: ImageDataset, rng: np.random.Generator
) -> Array:
    """Inputs from the training split where there is one, else from all, some at random."""
    rows = dataset.splits.get("train", dataset.rows())
    return classifier.computed(dataset.images, rows[_some(len(rows), rng)], lambda x: x)


def _some(count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    return np.sort(rng.permutation(count)[:BACKGROUND])


def default_directory(model: Path, data: Path | None = None) -> Path:
    """Where results go by default."""
    base = Path("assets/explanations")
    if data is None:
        return base / model_name(model)
    return results_directory(base, data, "report.md", f"{model_name(model)}-")

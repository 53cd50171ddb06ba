"""An ONNX file as a model, ready to predict, evaluate, explain, fine-tune and quantize."""

import json
from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path
from typing import Any

from src.classic_nn.array_types import Array
from src.classic_nn.layers import Layer, Softmax
from src.classic_nn.math import sigmoid, softmax
from src.classic_nn.serialization import SavedModel
from src.exchange.agreement import TOLERANCE, Agreement, agreement_of
from src.exchange.metadata import FIELDS, PROBABILITIES
from src.exchange.reading.file import OnnxFile, read_file
from src.exchange.reading.network import Read, read_network
from src.inference.classifier import ACTIVATIONS, Classifier
from src.load.errors import UnreadableDataError
from src.load.transforms.configuration import transform_from_config

HALF_TOLERANCE = 1e-2
"""Largest difference to a file of float16, relative to the largest output."""


def import_model(
    path: Path,
    class_names: Sequence[str] = (),
    preprocessing: Callable[[int], dict[str, Any]] | None = None,
    task: str | None = None,
    size: int | None = None,
) -> tuple[SavedModel, Agreement]:
    """Read a file, and have onnxruntime compute it beside the network.

    Args:
        path: of the file.
        class_names: one for each output; those in the file if there are none.
        preprocessing: makes the description of the steps from a photo to the input, given its side
            in pixels; what the file says if None.
        task: "multi_class", "multi_label" or "binary"; what the file says, or its end, if None.
        size: height and width of images, where the file leaves them open.

    Returns the model, and how well both agree.

    Raises UnreadableDataError: the file cannot be read or has no network of our layers, names and
    outputs do not fit, or onnxruntime computes something else.
    """
    file = read_file(path)
    try:
        said = described(file)
        temperature = said.get("temperature", 1.0)
        # a file of ours whose outputs are logits has no probabilities at its end: a softmax that
        # is there is a layer
        strip = not said or file.graph.outputs[0].name == PROBABILITIES
        found = read_network(file.graph, size, temperature, strip)
        model = _model(found, said, class_names, task)
        if len(found.ending) == 1:  # no temperature before the probabilities, or in another layer
            model.temperature = 1.0
        if preprocessing is not None:
            model.preprocessing = preprocessing(found.source.shape[0])
        classifier = Classifier(model)
        agreement = _compared(classifier, file, found)
    except (UnreadableDataError, ValueError) as error:
        raise UnreadableDataError(f"{path}: {error}") from None
    model.data = {"description": f"weights of {path.name}", **model.data}
    return model, agreement


def described(file: OnnxFile) -> dict[str, Any]:
    """What the metadata say of the model, if it was written by ``export``.

    Raises UnreadableDataError where they are as ours, but say what cannot be.
    """
    said = {}
    for name in FIELDS:
        try:
            said[name] = json.loads(file.metadata[name])
        except (KeyError, RecursionError, ValueError):
            return {}  # somebody else's
    for name, is_right in RIGHT.items():
        if not is_right(said[name]):
            raise UnreadableDataError(f"its metadata: {name} cannot be {said[name]!r:.80}")
    return said


def _is_number(value: Any, least: float, most: float) -> bool:
    return isinstance(value, int | float) and least <= value <= most  # no NaN is


def _has_steps(value: Any) -> bool:
    """Whether preprocessing can be read."""
    try:
        return isinstance(value, dict) and bool(transform_from_config(value.get("transform", [])))
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        return False


RIGHT: dict[str, Callable[[Any], bool]] = {
    "task": lambda value: value in list(ACTIVATIONS),
    "class_names": lambda value: isinstance(value, list) and all(isinstance(v, str) for v in value),
    "preprocessing": _has_steps,
    "metrics": lambda value: (
        isinstance(value, dict) and all(_is_number(v, -inf, inf) for v in value.values())
    ),
    "threshold": lambda value: _is_number(value, 0, 1),
    "temperature": lambda value: _is_number(value, 1e-6, 1e6),
    "reject_below": lambda value: _is_number(value, 0, 1),
    "data": lambda value: isinstance(value, dict) and isinstance(value.get("reading", {}), dict),
}
"""Whether a field of the metadata can be what it says."""


def _model(
    found: Read, said: dict[str, Any], class_names: Sequence[str], task: str | None
) -> SavedModel:
    outputs = found.network.output_shape(found.network.built_shape())
    if len(outputs) != 1:
        raise UnreadableDataError(f"expected an output for each class, got samples {outputs}")
    if task == "binary" and outputs[0] != 1:
        raise UnreadableDataError(f"--task binary: expected one output, got {outputs[0]}")
    known = task or said.get("task") or _task(found.ending, outputs[0])
    names = list(class_names) or said.get("class_names", [])
    return SavedModel(found.network, **said | {"task": known, "class_names": names})


def _task(ending: Sequence[Layer], outputs: int) -> str:
    """What the end tells of a model's task; without probabilities, one of several classes."""
    if outputs == 1:
        return "binary"
    return "multi_label" if ending and not isinstance(ending[0], Softmax) else "multi_class"


def _compared(classifier: Classifier, file: OnnxFile, found: Read) -> Agreement:
    """How well they agree. Raises ValueError where that is not enough."""

    def finish(logits: Array) -> Array:
        if len(found.ending) > 1:
            logits = logits / logits.dtype.type(classifier.model.temperature)
        if not found.ending:
            return logits
        return softmax(logits) if isinstance(found.ending[0], Softmax) else sigmoid(logits)

    layout = "nhwc" if found.source.channels_last else "nchw"
    agreement = agreement_of(classifier, file.path, layout, finish)
    most = HALF_TOLERANCE if file.graph.inputs[0].dtype.itemsize == 2 else TOLERANCE
    agreement.check(most)
    return agreement

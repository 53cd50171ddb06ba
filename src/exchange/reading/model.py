"""An ONNX file as a model, ready to predict, evaluate, explain, fine-tune and quantize."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from src.classic_nn.array_types import Array
from src.classic_nn.layers import Layer, Softmax
from src.classic_nn.math import sigmoid, softmax
from src.classic_nn.serialization import SavedModel
from src.exchange.agreement import Agreement, agreement_of
from src.exchange.metadata import FIELDS
from src.exchange.reading.file import OnnxFile, read_file
from src.exchange.reading.network import Read, read_network
from src.inference.classifier import Classifier
from src.load.errors import UnreadableDataError

TOLERANCE, HALF_TOLERANCE = 1e-4, 1e-2
"""Largest difference between onnxruntime and the network, relative to the largest output: of
float32, and of a file of float16."""


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
    said = described(file)
    temperature = said.get("temperature", 1.0)
    try:
        found = read_network(file.graph, size, temperature)
        model = _model(found, said, class_names, task)
        if preprocessing is not None:
            model.preprocessing = preprocessing(found.source.shape[0])
        classifier = Classifier(model)
        agreement = _compared(classifier, file, found)
    except (UnreadableDataError, ValueError) as error:
        raise UnreadableDataError(f"{path}: {error}") from None
    model.data = {"description": f"weights of {path.name}", **model.data}
    return model, agreement


def described(file: OnnxFile) -> dict[str, Any]:
    """What the metadata say of the model, if it was written by ``export``."""
    said = {}
    for name in FIELDS:
        try:
            said[name] = json.loads(file.metadata[name])
        except (KeyError, ValueError):
            return {}  # somebody else's
    return said


def _model(
    found: Read, said: dict[str, Any], class_names: Sequence[str], task: str | None
) -> SavedModel:
    outputs = found.network.output_shape(found.network.built_shape())
    if len(outputs) != 1:
        raise UnreadableDataError(f"expected an output for each class, got samples {outputs}")
    fields = {name: value for name, value in said.items() if name in FIELDS}
    known = task or fields.get("task") or _task(found.ending, outputs[0])
    names = list(class_names) or fields.get("class_names", [])
    return SavedModel(found.network, **fields | {"task": known, "class_names": names})


def _task(ending: Sequence[Layer], outputs: int) -> str:
    """What the end tells of a model's task; without probabilities, one of several classes."""
    if outputs == 1:
        return "binary"
    return "multi_label" if ending and not isinstance(ending[0], Softmax) else "multi_class"


def _compared(classifier: Classifier, file: OnnxFile, found: Read) -> Agreement:
    """How well they agree. Raises UnreadableDataError where that is not enough."""

    def finish(logits: Array) -> Array:
        if len(found.ending) > 1:
            logits = logits / logits.dtype.type(classifier.model.temperature)
        if not found.ending:
            return logits
        return softmax(logits) if isinstance(found.ending[0], Softmax) else sigmoid(logits)

    layout = "nhwc" if found.source.channels_last else "nchw"
    agreement = agreement_of(classifier, file.path, layout, finish)
    most = HALF_TOLERANCE if file.graph.inputs[0].dtype.itemsize == 2 else TOLERANCE
    if not agreement.difference <= most:
        raise UnreadableDataError(
            f"onnxruntime's outputs differ from the network's by {agreement.difference:.2g} of the "
            f"largest; expected {most:g} or less"
        )
    return agreement

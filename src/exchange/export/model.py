"""A model as an ONNX file, which is tried before it takes its name."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from src.classic_cnn.quantized import IntegerNetwork
from src.classic_nn.array_types import Array
from src.exchange.agreement import TOLERANCE, Agreement, agreement_of
from src.exchange.export.network import OUTPUT, network_graph
from src.exchange.graph import OnnxGraph
from src.exchange.metadata import PROBABILITIES, metadata_texts
from src.exchange.protobuf import MAX_INLINE_BYTES, aside, model_of, written
from src.inference.classifier import Classifier
from src.inference.quantize import is_aware

ROUNDED = 0.25
"""Largest difference of integers, relative to the largest output: onnxruntime computes sums of two
scales in another order, so that now and then a value becomes the next integer; 100 layers later
that is a few hundredths."""


def export_model(
    classifier: Classifier,
    path: Path,
    opset: int = 17,
    layout: str = "nchw",
    softmax: bool = False,
    form: str = "qdq",
    most: int = MAX_INLINE_BYTES,
) -> Agreement:
    """Write a file, and have onnxruntime compute it.

    Args:
        classifier: the model.
        path: of the file.
        opset: version of ONNX's operators.
        layout: of images, "nchw" or "nhwc".
        softmax: whether the file gives probabilities in place of logits.
        form: of integers, "qdq" or "qoperator".
        most: bytes of weights that stand in the file itself.

    Returns how well onnxruntime and the model agree, on logits.

    Raises ValueError: a layer has no translation, or the file says something else than the model;
    no file is written then.
    """
    texts = metadata_texts(classifier.model, layout=layout)

    def graph() -> OnnxGraph:
        return network_graph(classifier.model.network, layout, form, opset)

    if not softmax:
        with written(model_of(graph(), texts), path, most) as partial:
            return _checked(classifier, partial, layout)
    # compared before probabilities too, which hide differences
    with aside(model_of(graph(), texts), path, most) as logits:
        found = _checked(classifier, logits, layout)
    probable = graph()
    add_probabilities(probable, classifier)
    with written(model_of(probable, texts), path, most) as partial:
        _checked(classifier, partial, layout, classifier.from_logits)
    return found


def _checked(
    classifier: Classifier,
    path: Path,
    layout: str,
    finish: Callable[[Array], Array] = lambda logits: logits,
) -> Agreement:
    """How well they agree. Raises ValueError where that is not enough."""
    found = agreement_of(classifier, path, layout, finish)
    network = classifier.model.network
    rounds = isinstance(network, IntegerNetwork) or is_aware(network)
    most = ROUNDED if rounds else TOLERANCE
    found.check(most)
    return found


def add_probabilities(graph: OnnxGraph, classifier: Classifier) -> None:
    """Have the graph end in probabilities at the model's temperature."""
    (logits,) = graph.outputs
    y = OUTPUT
    if classifier.model.temperature != 1:
        temperature = graph.constant("temperature", np.float32(classifier.model.temperature))
        y = graph.add("Div", [y, temperature], "logits.cooled")
    if classifier.model.task == "multi_class":
        graph.add("Softmax", [y], PROBABILITIES, axis=1)
    else:
        graph.add("Sigmoid", [y], PROBABILITIES)
    graph.outputs = [logits._replace(name=PROBABILITIES)]

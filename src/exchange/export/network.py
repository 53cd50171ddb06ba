"""A network as a graph of ONNX: its trace, operation by operation."""

import numpy as np

from src.classic_cnn.quantized import IntegerNetwork
from src.classic_nn.array_types import Shape
from src.classic_nn.layers.container import Container
from src.classic_nn.layers.trace import trace_network
from src.exchange.export.integers import IntegerTranslation
from src.exchange.export.joins import translate_join
from src.exchange.export.layers import translate_layer
from src.exchange.graph import OnnxGraph, Tensor

LAYOUTS = ("nchw", "nhwc")
"""Of images: channels before or behind the pixels."""

FORMS = ("qdq", "qoperator")
"""Of integers: operators of numbers between DequantizeLinear and QuantizeLinear, or QLinearConv."""

INPUT, OUTPUT = "input", "logits"

SAMPLES = "samples"
"""Name of the free first axis."""


def network_graph(
    network: Container, layout: str = "nchw", form: str = "qdq", opset: int = 17
) -> OnnxGraph:
    """The graph of a network.

    Args:
        network: built, float32.
        layout: of images that it takes.
        form: of the integers of a quantized one.
        opset: version of ONNX's operators.

    Raises ValueError for a layer that has no translation.
    """
    shape = network.built_shape()
    if len(shape) not in (1, 3):
        raise ValueError(f"expected samples of features, or images; got samples of shape {shape}")
    if network.parameters.vector.dtype != np.float32:
        raise ValueError("expected a network of float32: train it without --dtype float64")
    graph = OnnxGraph(opset=opset)
    graph.inputs.append(Tensor(INPUT, (samples_of(network), *as_laid_out(shape, layout))))
    source = INPUT
    if len(shape) == 3 and layout == "nhwc":
        source = graph.add("Transpose", [INPUT], f"{INPUT}.channels_first", perm=[0, 3, 1, 2])
    if isinstance(network, IntegerNetwork):
        end, last = IntegerTranslation(graph, network, form).translate(source)
    else:
        end, last = _translate(graph, network, source)
    if len(last) == 3 and layout == "nhwc":
        graph.add("Transpose", [end], OUTPUT, perm=[0, 2, 3, 1])
    else:
        graph.add("Identity", [end], OUTPUT)
    graph.outputs.append(Tensor(OUTPUT, (samples_of(network), *as_laid_out(last, layout))))
    return graph


def samples_of(network: Container) -> str | int:
    """The first axis: free, but 1 where the ranges of activations are found at each call."""
    return 1 if any(getattr(one, "dynamic", False) for one in network.descendants()) else SAMPLES


def as_laid_out(shape: Shape, layout: str) -> Shape:
    """A sample's shape in a layout."""
    return (shape[2], *shape[:2]) if len(shape) == 3 and layout == "nchw" else shape


def _translate(graph: OnnxGraph, network: Container, source: str) -> tuple[str, Shape]:
    """Append the operations of a network of numbers; name and shape of its output."""
    nodes = trace_network(network)
    names: dict[str, str] = {nodes[0].path: source}
    shapes = {node.path: node.shape for node in nodes}
    for node in nodes[1:]:
        inputs = [names[path] for path in node.inputs]
        before = shapes[node.inputs[0]]
        if node.layer is not None:
            names[node.path] = translate_layer(graph, node.layer, inputs[0], before, node.path)
        else:
            names[node.path] = translate_join(graph, node.operation, inputs, before, node.path)
    return names[nodes[-1].path], nodes[-1].shape

"""What containers do with the outputs of their children, as operators of ONNX."""

from collections.abc import Sequence

import numpy as np

from src.classic_nn.array_types import Shape
from src.exchange.export.layers import pixel_mean
from src.exchange.graph import OnnxGraph


def translate_join(
    graph: OnnxGraph, operation: str, inputs: Sequence[str], shape: Shape, name: str
) -> str:
    """Append an operation of a trace that has no layer; returns the name of its output.

    Args:
        graph: so far.
        operation: "Add", "Concatenate", "Mean" or "Multiply".
        inputs: names of the tensors that it takes.
        shape: of a sample of the first, as the layers know it.
        name: for the output.
    """
    if operation == "Concatenate":
        return graph.add("Concat", inputs, name, axis=1)
    if operation == "Mean":
        return pixel_mean(graph, inputs[0], name)
    if operation == "Multiply":
        x, weights = inputs
        return graph.add("Mul", [x, per_pixel(graph, weights, shape, name)], name)
    total, *others = inputs
    for k, other in enumerate(others, start=1):
        total = graph.add("Add", [total, other], name if k == len(others) else f"{name}.{k}")
    return total


def per_pixel(graph: OnnxGraph, weights: str, shape: Shape, name: str) -> str:
    """(samples, channels) with axes of one where an image has pixels."""
    if len(shape) == 1:
        return weights
    sizes = graph.constant(f"{name}.shape", [0, shape[2], 1, 1], np.int64)
    return graph.add("Reshape", [weights, sizes], f"{name}.per_pixel")

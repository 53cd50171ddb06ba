"""Layers with weights of a few bits as operators of ONNX; see ``layers`` for what a translation is.

Weights are int8 behind a DequantizeLinear, with a scale for each filter. Where inputs are rounded
at each call (dynamic), the products are those of integers: MatMulInteger and ConvInteger.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_cnn.quantized import (
    AwareConv2D,
    AwareDense,
    FakeQuantization,
    QuantizedConv2D,
    QuantizedDense,
)
from src.classic_cnn.quantized.weights import weight_quantization
from src.classic_nn.array_types import Array, Shape
from src.exchange.export.products import (
    arrays_of,
    convolution_settings,
    convolve,
    filters_first,
    product_of_rows,
)
from src.exchange.graph import OnnxGraph


def aware_dense(graph: OnnxGraph, layer: AwareDense, x: str, shape: Shape, name: str) -> str:
    """With the weights as they are rounded."""
    arrays = arrays_of(layer)
    made = weight_quantization(arrays["W"], layer.bits)
    w = stored_weights(graph, made.quantize(arrays["W"]).T, made.scale, layer.bits, name)
    return product_of_rows(graph, x, w, arrays.get("b"), name)


def aware_convolution(graph: OnnxGraph, layer: AwareConv2D, x: str, shape: Shape, name: str) -> str:
    """With the weights as they are rounded."""
    arrays = arrays_of(layer)
    made = weight_quantization(arrays["W"], layer.bits)
    q = filters_first(made.quantize(arrays["W"]))
    w = stored_weights(graph, q, made.scale, layer.bits, name)
    return convolve(graph, layer, x, shape, w, arrays.get("b"), name)


def quantized_dense(
    graph: OnnxGraph, layer: QuantizedDense, x: str, shape: Shape, name: str
) -> str:
    """Weights s q; with the input's integers, exact sums of integers."""
    b = layer.buffers.get("b")
    if not layer.dynamic:
        rows = stored_weights(graph, layer.integers().T, layer.buffers["W_scale"], layer.bits, name)
        return product_of_rows(graph, x, rows, b, name)
    q, scale, zero_point = dynamic_input(graph, x, name)
    w = graph.constant(f"{name}.W", layer.integers(), np.int8)
    sums = graph.add("MatMulInteger", [q, w, zero_point], f"{name}.sums")
    return scaled(graph, sums, scale, layer, (-1,), name)


def quantized_convolution(
    graph: OnnxGraph, layer: QuantizedConv2D, x: str, shape: Shape, name: str
) -> str:
    """Weights s q; with the input's integers, exact sums of integers."""
    if not layer.dynamic:
        q, scale = filters_first(layer.integers()), layer.buffers["W_scale"]
        weights = stored_weights(graph, q, scale, layer.bits, name)
        return convolve(graph, layer, x, shape, weights, layer.buffers.get("b"), name)
    given = dynamic_input(graph, x, name)
    w = graph.constant(f"{name}.W", filters_first(layer.integers()), np.int8)
    settings = convolution_settings(layer, shape)
    sums = graph.add("ConvInteger", [given[0], w, given[2]], f"{name}.sums", **settings)
    return scaled(graph, sums, given[1], layer, (-1, 1, 1), name)


def stored_weights(graph: OnnxGraph, q: NDArray[Any], scale: Array, bits: int, name: str) -> str:
    """Weights s q of q (filters, ...): as int8 and their scales; of more than 8 bits as numbers."""
    if bits > 8:
        w = q * scale.reshape(-1, *[1] * (q.ndim - 1))
        return graph.constant(f"{name}.W", w, np.float32)
    values = graph.constant(f"{name}.W", q, np.int8)
    return dequantized(graph, values, scale, f"{name}.weights")


def dequantized(graph: OnnxGraph, q: str, scale: Array, name: str) -> str:
    """s q of a constant; one scale, or one for each index of the first axis."""
    if scale.size == 1:
        values = graph.constant(f"{name}.scale", np.float32(scale.item()))
        return graph.add("DequantizeLinear", [q, values], name)
    values = graph.constant(f"{name}.scale", scale)
    return graph.add("DequantizeLinear", [q, values], name, axis=0)


def dynamic_input(graph: OnnxGraph, x: str, name: str) -> list[str]:
    """Integers of x, their scale and their zero point."""
    outputs = [f"{name}.{what}" for what in ("integers", "scale", "zero_point")]
    return graph.add_several("DynamicQuantizeLinear", [x], outputs)


def scaled(
    graph: OnnxGraph, sums: str, scale: str, layer: Any, shape: tuple[int, ...], name: str
) -> str:
    """s_x s_w sums + b, the filters along the axis of -1."""
    weights = graph.constant(f"{name}.W_scale", layer.buffers["W_scale"].reshape(shape))
    product_of_scales = graph.add("Mul", [scale, weights], f"{name}.scales")
    numbers = graph.add("Cast", [sums], f"{name}.numbers", to=np.dtype(np.float32))
    b = layer.buffers.get("b")
    if b is None:
        return graph.add("Mul", [numbers, product_of_scales], name)
    y = graph.add("Mul", [numbers, product_of_scales], f"{name}.product")
    return graph.add("Add", [y, graph.constant(f"{name}.b", b.reshape(shape))], name)


def fake_quantization(
    graph: OnnxGraph, layer: FakeQuantization, x: str, shape: Shape, name: str
) -> str:
    """To integers and back."""
    made = layer.quantization
    if made is None:
        return x
    grid = [
        graph.constant(f"{name}.scale", np.float32(made.scale)),
        graph.constant(f"{name}.zero_point", np.asarray(made.zero_point), np.uint8),
    ]
    q = graph.add("QuantizeLinear", [x, *grid], f"{name}.integers")
    return graph.add("DequantizeLinear", [q, *grid], name)

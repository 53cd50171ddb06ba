"""Layers as operators of ONNX, one translation for each.

Inside the file images are (samples, channels, height, width) and kernels (filters, channels,
height, width), as ONNX defines its operators; weights keep their values and are only turned.

A translation is given the graph so far, the layer, the name of the tensor that it takes, the shape
of a sample of that as the layer knows it (height, width, channels), and the name for its output. It
appends operators and returns the name of the output.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_cnn.layers import (
    AveragePool2D,
    Conv2D,
    GlobalAveragePool,
    MaxPool2D,
    Resize2D,
    ZeroPad2D,
)
from src.classic_cnn.quantized import (
    AwareConv2D,
    AwareDense,
    FakeQuantization,
    QuantizedConv2D,
    QuantizedDense,
)
from src.classic_cnn.quantized.weights import weight_quantization
from src.classic_cnn.utils import Geometry, geometry, padding_sides, pair
from src.classic_nn.array_types import Array, Shape
from src.classic_nn.layers import (
    BatchNorm,
    Clip,
    Dense,
    Dropout,
    Flatten,
    HardSigmoid,
    HardSwish,
    InstanceNorm,
    LeakyReLU,
    LocalResponseNorm,
    PReLU,
    ReLU,
    ReLU6,
    ScaleShift,
    ShuffleChannels,
    Sigmoid,
    SiLU,
    SliceChannels,
    Softmax,
    SpatialDropout,
    StochasticDepth,
    Tanh,
)
from src.classic_nn.layers.base import Layer
from src.exchange.graph import OnnxGraph

Translation = Callable[[OnnxGraph, Any, str, Shape, str], str]


def translate_layer(graph: OnnxGraph, layer: Layer, x: str, shape: Shape, name: str) -> str:
    """Append a layer; returns the name of its output.

    Raises ValueError for a layer that has no translation.
    """
    translation = TRANSLATIONS.get(type(layer))
    if translation is None:
        raise ValueError(f"{name}: there is no ONNX for a layer {type(layer).__name__}")
    return translation(graph, layer, x, shape, name)


def arrays_of(layer: Layer) -> dict[str, Array]:
    """Weights, trained or frozen."""
    return {**layer.parameters, **layer.frozen}


def dense(graph: OnnxGraph, layer: Dense, x: str, shape: Shape, name: str) -> str:
    """x W + b."""
    arrays = arrays_of(layer)
    return product(graph, x, arrays["W"], arrays.get("b"), name)


def aware_dense(graph: OnnxGraph, layer: AwareDense, x: str, shape: Shape, name: str) -> str:
    """With the weights as they are rounded."""
    arrays = arrays_of(layer)
    made = weight_quantization(arrays["W"], layer.bits)
    w = stored_weights(graph, made.quantize(arrays["W"]).T, made.scale, layer.bits, name)
    return product_of_rows(graph, x, w, arrays.get("b"), name)


def product(graph: OnnxGraph, x: str, w: Array, b: Array | None, name: str) -> str:
    """A matrix product with w (inputs, outputs), and a bias if there is one."""
    weights = graph.constant(f"{name}.W", w)
    if b is None:
        return graph.add("MatMul", [x, weights], name)
    return graph.add("Gemm", [x, weights, graph.constant(f"{name}.b", b)], name)


def product_of_rows(graph: OnnxGraph, x: str, w: str, b: Array | str | None, name: str) -> str:
    """The same with a tensor (outputs, inputs): of the other order, if it comes from integers,
    onnxruntime would round the layer's inputs too."""
    inputs = [x, w, *([] if b is None else [tensor(graph, b, f"{name}.b")])]
    return graph.add("Gemm", inputs, name, transB=1)


def tensor(graph: OnnxGraph, values: Array | str, name: str) -> str:
    """The name of a tensor: of a new constant, if it is an array."""
    return values if isinstance(values, str) else graph.constant(name, values)


def convolution(graph: OnnxGraph, layer: Conv2D, x: str, shape: Shape, name: str) -> str:
    """Conv, with explicit padding."""
    arrays = arrays_of(layer)
    return convolve(graph, layer, x, shape, arrays["W"], arrays.get("b"), name)


def aware_convolution(graph: OnnxGraph, layer: AwareConv2D, x: str, shape: Shape, name: str) -> str:
    """With the weights as they are rounded."""
    arrays = arrays_of(layer)
    made = weight_quantization(arrays["W"], layer.bits)
    q = filters_first(made.quantize(arrays["W"]))
    w = stored_weights(graph, q, made.scale, layer.bits, name)
    return convolve(graph, layer, x, shape, w, arrays.get("b"), name)


def convolve(
    graph: OnnxGraph,
    layer: Any,
    x: str,
    shape: Shape,
    w: Array | str,
    b: Array | str | None,
    name: str,
) -> str:
    """A convolution with weights (KH, KW, channels, filters), or names of tensors."""
    weights = w if isinstance(w, str) else graph.constant(f"{name}.W", filters_first(w))
    inputs = [x, weights, *([] if b is None else [tensor(graph, b, f"{name}.b")])]
    return graph.add("Conv", inputs, name, **convolution_settings(layer, shape))


def convolution_settings(layer: Any, shape: Shape) -> dict[str, Any]:
    """Attributes of ``Conv`` for an input of a shape."""
    kernel = pair(layer.kernel_size)
    where = geometry(shape[:2], kernel, layer.stride, layer.padding, layer.dilation)  # type: ignore[arg-type]
    return {
        **window_settings(where),
        "dilations": list(pair(layer.dilation)),
        "group": layer.groups,
    }


def window_settings(where: Geometry) -> dict[str, Any]:
    """Kernel, stride and padding as attributes."""
    return {
        "kernel_shape": list(where.kernel),
        "strides": list(where.stride),
        "pads": [side[end] for end in (0, 1) for side in where.padding],
    }


def filters_first(w: NDArray[Any]) -> NDArray[Any]:
    """(KH, KW, channels, filters) as (filters, channels, KH, KW); a matrix as it is."""
    return w.transpose(3, 2, 0, 1) if w.ndim == 4 else w


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


def batch_norm(graph: OnnxGraph, layer: BatchNorm, x: str, shape: Shape, name: str) -> str:
    """BatchNormalization by the running statistics."""
    arrays = {**arrays_of(layer), **layer.buffers}
    names = ("gamma", "beta", "running_mean", "running_variance")
    inputs = [graph.constant(f"{name}.{what}", arrays[what]) for what in names]
    return graph.add("BatchNormalization", [x, *inputs], name, epsilon=layer.epsilon)


def max_pool(graph: OnnxGraph, layer: MaxPool2D, x: str, shape: Shape, name: str) -> str:
    """MaxPool, with explicit padding."""
    return graph.add("MaxPool", [x], name, **pool_settings(layer, shape))


def average_pool(graph: OnnxGraph, layer: AveragePool2D, x: str, shape: Shape, name: str) -> str:
    """AveragePool, with explicit padding."""
    settings = pool_settings(layer, shape) | {"count_include_pad": int(layer.count_padding)}
    if "dilations" in settings and graph.opset < 19:
        raise ValueError(f"{name}: averages of windows with holes need --opset 19 or newer")
    return graph.add("AveragePool", [x], name, **settings)


def pool_settings(layer: MaxPool2D, shape: Shape) -> dict[str, Any]:
    """Attributes of a pooling for an input of a shape."""
    where = layer.geometry((shape[0], shape[1]))
    holes = {} if where.dilation == (1, 1) else {"dilations": list(where.dilation)}
    return window_settings(where) | holes


def global_average_pool(graph: OnnxGraph, layer: Layer, x: str, shape: Shape, name: str) -> str:
    """(samples, channels, height, width) -> (samples, channels)."""
    return pixel_mean(graph, x, name)


def pixel_mean(graph: OnnxGraph, x: str, name: str) -> str:
    """The mean over all pixels, without their axes."""
    return graph.add("Flatten", [graph.add("GlobalAveragePool", [x], f"{name}.pixels")], name)


def flatten(graph: OnnxGraph, layer: Flatten, x: str, shape: Shape, name: str) -> str:
    """In the order height, width, channels, in which the next layer has its weights."""
    if len(shape) == 3 and shape[0] * shape[1] > 1 and shape[2] > 1:
        x = graph.add("Transpose", [x], f"{name}.channels_last", perm=[0, 2, 3, 1])
    return graph.add("Flatten", [x], name)


def zero_pad(graph: OnnxGraph, layer: ZeroPad2D, x: str, shape: Shape, name: str) -> str:
    """Pad."""
    (top, bottom), (left, right) = padding_sides(layer.padding)
    sides = graph.constant(f"{name}.pads", [0, 0, top, left, 0, 0, bottom, right], np.int64)
    return graph.add("Pad", [x, sides], name)


def resize(graph: OnnxGraph, layer: Resize2D, x: str, shape: Shape, name: str) -> str:
    """Resize by factors, so that any number of samples fits."""
    sizes = layer.output_shape(shape)[:2]
    factors = [_factor(old, new, layer.mode, name) for old, new in zip(shape, sizes, strict=False)]
    scales = graph.constant(f"{name}.scales", [1, 1, *factors], np.float32)
    nearest = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    rule = {"mode": layer.mode} | (nearest if layer.mode == "nearest" else {})
    return graph.add("Resize", [x, "", scales], name, **rule)


def _factor(old: int, new: int, mode: str, name: str) -> np.float32:
    """A factor of which the standard makes the same size, and chooses the same pixels.

    It rounds old * factor and, for the nearest value, place / factor down: a factor that float32
    does not hold may be too small for the one, or too large for the other.
    """
    places = np.arange(new)
    factor = np.float32(new / old)
    ends = (np.float32(-np.inf), np.float32(np.inf))
    for one in (factor, *(np.nextafter(factor, end) for end in ends)):
        chosen = np.floor(places.astype(np.float32) / one)
        fits = int(old * float(one)) == new and int(np.float32(old) * one) == new
        if fits and (mode != "nearest" or np.array_equal(chosen, places * old // new)):
            return one
    raise ValueError(f"{name}: ONNX has no factor that makes {new} pixels of {old}")


def clip(graph: OnnxGraph, x: str, low: float | None, high: float | None, name: str) -> str:
    """x cut off at its ends."""
    ends = [
        "" if end is None else graph.constant(f"{name}.{what}", np.float32(end))
        for what, end in (("low", low), ("high", high))
    ]
    return graph.add("Clip", [x, *ends], name)


def relu6(graph: OnnxGraph, layer: ReLU6, x: str, shape: Shape, name: str) -> str:
    """min(max(x, 0), 6)."""
    return clip(graph, x, 0.0, 6.0, name)


def clip_layer(graph: OnnxGraph, layer: Clip, x: str, shape: Shape, name: str) -> str:
    """Between its own ends."""
    return clip(graph, x, layer.low, layer.high, name)


def hard_sigmoid(graph: OnnxGraph, layer: HardSigmoid, x: str, shape: Shape, name: str) -> str:
    """With slope and value at 0."""
    return graph.add("HardSigmoid", [x], name, alpha=layer.alpha, beta=layer.beta)


def instance_norm(graph: OnnxGraph, layer: InstanceNorm, x: str, shape: Shape, name: str) -> str:
    """InstanceNormalization."""
    arrays = arrays_of(layer)
    inputs = [graph.constant(f"{name}.{what}", arrays[what]) for what in ("gamma", "beta")]
    return graph.add("InstanceNormalization", [x, *inputs], name, epsilon=layer.epsilon)


def local_response(
    graph: OnnxGraph, layer: LocalResponseNorm, x: str, shape: Shape, name: str
) -> str:
    """LRN."""
    settings = {"size": layer.size, "alpha": layer.alpha, "beta": layer.beta, "bias": layer.k}
    return graph.add("LRN", [x], name, **settings)


def slice_channels(graph: OnnxGraph, layer: SliceChannels, x: str, shape: Shape, name: str) -> str:
    """Slice along the channels."""
    ends = (("start", layer.start), ("stop", layer.stop), ("axis", 1))
    inputs = [graph.constant(f"{name}.{what}", [value], np.int64) for what, value in ends]
    return graph.add("Slice", [x, *inputs], name)


def shuffle_channels(
    graph: OnnxGraph, layer: ShuffleChannels, x: str, shape: Shape, name: str
) -> str:
    """In rows and back: Reshape, Transpose, Reshape."""
    pixels = shape[:-1]
    rows = [0, layer.groups, shape[-1] // layer.groups, *pixels]
    apart = graph.constant(f"{name}.rows", rows, np.int64)
    together = graph.constant(f"{name}.channels", [0, shape[-1], *pixels], np.int64)
    y = graph.add("Reshape", [x, apart], f"{name}.apart")
    order = [0, 2, 1, *range(3, len(rows))]
    y = graph.add("Transpose", [y], f"{name}.turned", perm=order)
    return graph.add("Reshape", [y, together], name)


def for_channels(values: Array, shape: Shape) -> Array:
    """(channels,) with axes of one for the pixels behind."""
    return values.reshape(-1, *[1] * (len(shape) - 1))


def scale_shift(graph: OnnxGraph, layer: ScaleShift, x: str, shape: Shape, name: str) -> str:
    """gamma x + beta."""
    gamma, beta = (
        graph.constant(f"{name}.{what}", for_channels(arrays_of(layer)[what], shape))
        for what in ("gamma", "beta")
    )
    return graph.add("Add", [graph.add("Mul", [x, gamma], f"{name}.scaled"), beta], name)


def prelu(graph: OnnxGraph, layer: PReLU, x: str, shape: Shape, name: str) -> str:
    """With a slope for each channel."""
    slope = for_channels(arrays_of(layer)["slope"], shape)
    return graph.add("PRelu", [x, graph.constant(f"{name}.slope", slope)], name)


def leaky_relu(graph: OnnxGraph, layer: LeakyReLU, x: str, shape: Shape, name: str) -> str:
    """With its slope."""
    return graph.add("LeakyRelu", [x], name, alpha=layer.slope)


def silu(graph: OnnxGraph, layer: SiLU, x: str, shape: Shape, name: str) -> str:
    """x sigmoid(x)."""
    return graph.add("Mul", [x, graph.add("Sigmoid", [x], f"{name}.sigmoid")], name)


def hard_swish(graph: OnnxGraph, layer: HardSwish, x: str, shape: Shape, name: str) -> str:
    """x min(max(x / 6 + 1 / 2, 0), 1)."""
    gate = graph.add("HardSigmoid", [x], f"{name}.gate", alpha=1 / 6, beta=0.5)
    return graph.add("Mul", [x, gate], name)


def softmax(graph: OnnxGraph, layer: Softmax, x: str, shape: Shape, name: str) -> str:
    """Over features, or channels."""
    return graph.add("Softmax", [x], name, axis=1)


def one_operator(operator: str) -> Translation:
    """A layer that is an operator without settings."""

    def translate(graph: OnnxGraph, layer: Layer, x: str, shape: Shape, name: str) -> str:
        return graph.add(operator, [x], name)

    return translate


def nothing(graph: OnnxGraph, layer: Layer, x: str, shape: Shape, name: str) -> str:
    """What only training does."""
    return x


TRANSLATIONS: dict[type[Layer], Translation] = {
    Layer: nothing,
    Dense: dense,
    Conv2D: convolution,
    BatchNorm: batch_norm,
    MaxPool2D: max_pool,
    AveragePool2D: average_pool,
    GlobalAveragePool: global_average_pool,
    Flatten: flatten,
    ZeroPad2D: zero_pad,
    Resize2D: resize,
    ReLU: one_operator("Relu"),
    ReLU6: relu6,
    LeakyReLU: leaky_relu,
    PReLU: prelu,
    Clip: clip_layer,
    HardSigmoid: hard_sigmoid,
    ScaleShift: scale_shift,
    InstanceNorm: instance_norm,
    LocalResponseNorm: local_response,
    SliceChannels: slice_channels,
    ShuffleChannels: shuffle_channels,
    Sigmoid: one_operator("Sigmoid"),
    Tanh: one_operator("Tanh"),
    SiLU: silu,
    HardSwish: hard_swish,
    Softmax: softmax,
    Dropout: nothing,
    SpatialDropout: nothing,
    StochasticDepth: nothing,
    QuantizedDense: quantized_dense,
    QuantizedConv2D: quantized_convolution,
    AwareDense: aware_dense,
    AwareConv2D: aware_convolution,
    FakeQuantization: fake_quantization,
}

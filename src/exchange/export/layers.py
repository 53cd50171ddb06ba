"""Layers as operators of ONNX, one translation for each: ``TRANSLATIONS``.

Inside the file images are (samples, channels, height, width) and kernels (filters, channels,
height, width), as ONNX defines its operators; weights keep their values and are only turned.

A translation is given the graph so far, the layer, the name of the tensor that it takes, the shape
of a sample of that as the layer knows it (height, width, channels), and the name for its output. It
appends operators and returns the name of the output.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

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
from src.classic_cnn.utils import padding_sides
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
from src.exchange.export.few_bits import (
    aware_convolution,
    aware_dense,
    fake_quantization,
    quantized_convolution,
    quantized_dense,
)
from src.exchange.export.products import arrays_of, convolution, dense, window_settings
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

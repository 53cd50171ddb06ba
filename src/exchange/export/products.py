"""Dense layers and convolutions as operators of ONNX; see ``layers`` for what a translation is."""

from typing import Any

from numpy.typing import NDArray

from src.classic_cnn.layers import Conv2D
from src.classic_cnn.utils import Geometry, geometry, pair
from src.classic_nn.array_types import Array, Shape
from src.classic_nn.layers import Dense
from src.classic_nn.layers.base import Layer
from src.exchange.graph import OnnxGraph


def arrays_of(layer: Layer) -> dict[str, Array]:
    """Weights, trained or frozen."""
    return {**layer.parameters, **layer.frozen}


def dense(graph: OnnxGraph, layer: Dense, x: str, shape: Shape, name: str) -> str:
    """x W + b."""
    arrays = arrays_of(layer)
    return product(graph, x, arrays["W"], arrays.get("b"), name)


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

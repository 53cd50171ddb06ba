"""An ``IntegerNetwork`` in ONNX: tensors of 8 bits between its layers, in one of two forms.

QDQ         DequantizeLinear, the operator of numbers, QuantizeLinear: what it means is plain, and
            runtimes make the integer operator of the three
QOperator   QLinearConv itself, also for dense layers, as a convolution of one pixel; other
            operators as in QDQ, for standard ONNX has no integer form of them

The integers are those of the file, with the zero points added that our layers leave out. Where a
layer cuts off at ends that are not those of 8 bits, because it applies a ReLU, a Clip does it.
"""

from typing import NamedTuple

import numpy as np

from src.classic_cnn.quantized import (
    IntegerAdd,
    IntegerConcatenate,
    IntegerConv2D,
    IntegerDense,
    IntegerLayer,
    IntegerMean,
    IntegerMultiply,
    IntegerNetwork,
    ToIntegers,
    ToNumbers,
)
from src.classic_cnn.quantized.wrapped_layers import WrappedLayer
from src.classic_nn.array_types import Array, Shape
from src.classic_nn.layers.base import TraceNode
from src.classic_nn.layers.trace import trace_network
from src.exchange.export.few_bits import dequantized, stored_weights
from src.exchange.export.joins import translate_join
from src.exchange.export.layers import clip, translate_layer
from src.exchange.export.products import (
    convolution_settings,
    convolve,
    filters_first,
    product_of_rows,
)
from src.exchange.graph import OnnxGraph

Weighted = IntegerConv2D | IntegerDense

JOINS: dict[type[IntegerLayer], str] = {
    IntegerAdd: "Add",
    IntegerConcatenate: "Concatenate",
    IntegerMean: "Mean",
    IntegerMultiply: "Multiply",
}
"""Layers that are operations of containers, as traces call these."""


class Grid(NamedTuple):
    """Which numbers the integers of a tensor stand for.

    Attributes:
        scale: name of the constant.
        zero_point: name of the constant.
        offset: the zero point.
    """

    scale: str
    zero_point: str
    offset: int


class IntegerTranslation:
    """Appends an ``IntegerNetwork`` to a graph.

    Args:
        graph: so far.
        network: built.
        form: "qdq" or "qoperator".
    """

    def __init__(self, graph: OnnxGraph, network: IntegerNetwork, form: str) -> None:
        self._graph = graph
        self._network = network
        self._form = form
        self._tensors: dict[str, str] = {}
        self._grids: dict[str, Grid] = {}
        self._numbers = 0  # of tensors of numbers that were made
        made = [
            layer for layer in network.layers if isinstance(layer, IntegerLayer) and layer.scale
        ]
        ends = np.iinfo(np.int8)
        fits = all(
            not layer.zero_point and ends.min <= layer.low and layer.high <= ends.max
            for layer in made
        )
        # symmetric integers are int8; runtimes have no operators from one type to the other
        self._dtype = np.dtype(np.int8 if fits else np.uint8)

    def translate(self, source: str) -> tuple[str, Shape]:
        """Append all layers; name, as numbers, and shape of the output."""
        nodes = trace_network(self._network)
        self._tensors[nodes[0].path] = source
        shapes: dict[str, Shape] = {}
        for node in nodes:
            shapes[node.path] = node.shape
            if node.layer is not None:
                assert isinstance(node.layer, IntegerLayer)
                self._add(node, node.layer, shapes[node.inputs[0]])
        last = nodes[-1].path
        return self._as_numbers(last), nodes[-1].shape

    def _add(self, node: TraceNode, layer: IntegerLayer, shape: Shape) -> None:
        """Append one layer."""
        path = node.path
        if not layer.scale:  # its output is numbers
            inputs = [self._as_numbers(source) for source in node.inputs]
            self._tensors[path] = self._of_numbers(path, layer, inputs, shape)
            return
        grid = self._grid(path, layer)
        if isinstance(layer, Weighted) and self._form == "qoperator":
            q = self._integer_product(path, node.inputs[0], layer, shape, grid)
        else:
            inputs = [self._as_numbers(source) for source in node.inputs]
            q = self._as_integers(path, layer, self._of_numbers(path, layer, inputs, shape), grid)
        self._tensors[path], self._grids[path] = q, grid

    def _grid(self, path: str, layer: IntegerLayer) -> Grid:
        """Scale and zero point of a layer's outputs, as constants."""
        scale = self._graph.constant(f"{path}.scale", np.float32(layer.scale))
        zero_point = np.asarray(layer.zero_point)
        made = self._graph.constant(f"{path}.zero_point", zero_point, self._dtype)
        return Grid(scale, made, layer.zero_point)

    def _ends(self, layer: IntegerLayer, grid: Grid) -> tuple[int | None, int | None]:
        """Ends of y_hat, where they are not those of the type."""
        ends = np.iinfo(self._dtype)
        return (
            layer.low if layer.low > ends.min - grid.offset else None,
            layer.high if layer.high < ends.max - grid.offset else None,
        )

    def _as_numbers(self, path: str) -> str:
        """s (q - z) of a tensor; one operator for every use, as runtimes expect."""
        grid = self._grids.get(path)
        tensor = self._tensors[path]
        if grid is None:
            return tensor
        self._numbers += 1
        name = f"{path}.numbers{self._numbers}"
        return self._graph.add("DequantizeLinear", [tensor, grid.scale, grid.zero_point], name)

    def _as_integers(self, path: str, layer: IntegerLayer, y: str, grid: Grid) -> str:
        """clamp(round(y / s) + z)."""
        low, high = self._ends(layer, grid)
        if low == 0 and high is None:
            y = self._graph.add("Relu", [y], f"{path}.relu")
        elif low is not None or high is not None:
            first, last = (None if end is None else end * layer.scale for end in (low, high))
            y = clip(self._graph, y, first, last, f"{path}.clip")
        return self._graph.add(
            "QuantizeLinear", [y, grid.scale, grid.zero_point], f"{path}.integers"
        )

    def _of_numbers(self, path: str, layer: IntegerLayer, inputs: list[str], shape: Shape) -> str:
        """The operator of numbers that a layer stands for."""
        name = f"{path}.y"
        if isinstance(layer, ToIntegers | ToNumbers):
            return inputs[0]
        if isinstance(layer, IntegerConv2D):
            w = self._weights(layer, filters_first(layer.integers()), name)
            return convolve(self._graph, layer, inputs[0], shape, w, self._bias(layer, name), name)
        if isinstance(layer, IntegerDense):
            w = self._weights(layer, layer.integers().T, name)
            return product_of_rows(self._graph, inputs[0], w, self._bias(layer, name), name)
        if type(layer) in JOINS:
            return translate_join(self._graph, JOINS[type(layer)], inputs, shape, name)
        if isinstance(layer, WrappedLayer):
            return translate_layer(self._graph, layer.inner, inputs[0], shape, name)
        raise ValueError(f"{path}: there is no ONNX for a layer {type(layer).__name__}")

    def _weights(self, layer: Weighted, q: Array, name: str) -> str:
        """s_w w_hat, as int8 and its scales."""
        return stored_weights(self._graph, q, layer.buffers["W_scale"], layer.bits, name)

    def _bias(self, layer: Weighted, name: str) -> str:
        """s_x s_w b_hat, as int32 and its scales."""
        b = self._graph.constant(f"{name}.b", layer.buffers["b"], np.int32)
        scale = np.float32(layer.input_scale) * layer.buffers["W_scale"]
        return dequantized(self._graph, b, scale, f"{name}.bias")

    def _integer_product(
        self, path: str, source: str, layer: Weighted, shape: Shape, grid: Grid
    ) -> str:
        """QLinearConv; of a dense layer on images of one pixel."""
        graph, given = self._graph, self._grids[source]
        x, w = self._tensors[source], layer.integers()
        if isinstance(layer, IntegerConv2D):
            settings = convolution_settings(layer, shape)
        else:
            settings = {"kernel_shape": [1, 1]}
            x = self._reshaped(x, (0, len(w), 1, 1), f"{path}.x")
            w = w[np.newaxis, np.newaxis]
        scale = layer.buffers["W_scale"]
        along = scale if scale.size > 1 else scale.reshape(())
        weights = [
            graph.constant(f"{path}.W", filters_first(w), np.int8),
            graph.constant(f"{path}.W_scale", along),
            graph.constant(f"{path}.W_zero_point", np.zeros(along.shape), np.int8),
        ]
        b = graph.constant(f"{path}.b", layer.buffers["b"], np.int32)
        ends = [given.scale, given.zero_point, *weights, grid.scale, grid.zero_point, b]
        y = graph.add("QLinearConv", [x, *ends], f"{path}.product", **settings)
        if isinstance(layer, IntegerDense):
            y = self._reshaped(y, (0, layer.out_features), f"{path}.row")
        ends_of_layer = self._ends(layer, grid)
        if any(end is not None for end in ends_of_layer):
            names = [
                ""
                if end is None
                else graph.constant(f"{path}.{what}", end + grid.offset, self._dtype)
                for what, end in zip(("low", "high"), ends_of_layer, strict=True)
            ]
            y = graph.add("Clip", [y, *names], f"{path}.clip")
        return y

    def _reshaped(self, x: str, sizes: tuple[int, ...], name: str) -> str:
        shape = self._graph.constant(f"{name}.shape", sizes, np.int64)
        return self._graph.add("Reshape", [x, shape], name)

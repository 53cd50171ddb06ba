"""From a network of numbers to one of integers, operation by operation."""

from collections import Counter
from collections.abc import Mapping, Sequence
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
    FakeQuantization,
    InNumbers,
    IntegerAdd,
    IntegerConcatenate,
    IntegerConv2D,
    IntegerDense,
    IntegerLayer,
    IntegerMean,
    IntegerMultiply,
    IntegerNetwork,
    IntegerTable,
    OfIntegers,
    ToIntegers,
    ToNumbers,
)
from src.classic_cnn.quantized.weights import fill_weights, weight_quantization
from src.classic_nn.layers import (
    Clip,
    Dense,
    Dropout,
    Flatten,
    HardSigmoid,
    ReLU,
    ReLU6,
    Sequential,
)
from src.classic_nn.layers.activations import ACTIVATIONS, Softmax
from src.classic_nn.layers.base import Layer, TraceNode
from src.classic_nn.layers.trace import trace_network
from src.classic_nn.quantization.affine import Quantization
from src.classic_nn.quantization.ranges import choose_quantization
from src.classic_nn.quantization.statistics import Statistics
from src.inference.quantize_scheme import Scheme

WEIGHTED = (Conv2D, Dense)
MOVES = (Flatten, ZeroPad2D)
"""Layers that only move values."""

MEANS = (AveragePool2D, Resize2D)
"""Layers whose outputs are weighted means of inputs."""

JOINS = ("Add", "Concatenate", "Multiply")

CLAMPING = (*JOINS, "Conv2D", "Dense")
"""Operations that can apply a ReLU that follows, as they cut off their outputs anyway."""

TABULATED: tuple[type[Layer], ...] = (
    *(k for k in ACTIVATIONS.values() if k is not Softmax),
    Clip,
    HardSigmoid,
)


class StaticConversion:
    """Makes the integer layers of a network.

    Args:
        network: built, batch normalization folded.
        seen: statistics of the outputs of its operations.
        scheme: how.
    """

    def __init__(self, network: Sequential, seen: Mapping[str, Statistics], scheme: Scheme) -> None:
        self._network = network
        self._scheme = scheme
        self.nodes = [node for node in trace_network(network) if not _does_nothing(node)]
        self._aliases = _aliases(trace_network(network))
        given = _given_quantizations(trace_network(network), self._aliases)
        self.quantizations = {
            node.path: given.get(node.path)
            or choose_quantization(seen[node.path], scheme.method, 8, scheme.symmetric)
            for node in self.nodes
        }
        self._fused = self._fused_activations()
        self._layers: list[IntegerLayer] = []
        self._sources: list[list[int]] = []
        self._labels: list[str] = []
        self._numbers: dict[str, int] = {}  # of the layer that has an operation's output
        self._grids: dict[str, Quantization] = {}  # of that output

    def convert(self) -> IntegerNetwork:
        """The network of integers."""
        last = self.nodes[-1].path
        for node in self.nodes:
            self._add(node, is_last=self._end_of(node) == last)
        if self._layers[-1].scale:
            scale = float(self._grids[last].scale)
            self._append("numbers", ToNumbers(0.0, input_scale=scale), [len(self._layers) - 1])
        made = IntegerNetwork(self._layers, self._sources, self._labels)
        made.build(self._network.built_shape(), None, np.float32)
        self._fill()
        return made

    def _fused_activations(self) -> dict[str, TraceNode]:
        """ReLUs by the operation that applies them."""
        uses = Counter(path for node in self.nodes for path in self._inputs(node))
        by_path = {node.path: node for node in self.nodes}
        fused = {}
        for node in self.nodes:
            if type(node.layer) not in (ReLU, ReLU6):
                continue
            (before,) = (by_path[path] for path in self._inputs(node))
            kept = {node.path, before.path} & set(self._scheme.keep_float)
            if before.operation in CLAMPING and uses[before.path] == 1 and not kept:
                fused[before.path] = node
        return fused

    def _inputs(self, node: TraceNode) -> list[str]:
        """Paths of the operations whose outputs a node takes, those that do nothing left out."""
        return [self._aliases.get(path, path) for path in node.inputs]

    def _end_of(self, node: TraceNode) -> str:
        """Path of the operation whose output a node's layer gives."""
        return self._fused[node.path].path if node.path in self._fused else node.path

    def _append(self, label: str, layer: IntegerLayer, sources: Sequence[int]) -> int:
        self._layers.append(layer)
        self._sources.append(list(sources))
        self._labels.append(label)
        return len(self._layers) - 1

    def _add(self, node: TraceNode, is_last: bool) -> None:
        """Append the layer of an operation, unless another one has applied it."""
        if any(fused.path == node.path for fused in self._fused.values()):
            return
        end = self._end_of(node)
        layer, grid = self._layer(node, self.quantizations[end], is_last)
        activation = self._fused.get(node.path)
        if activation is not None and layer.scale:
            layer.low = max(layer.low, 0)
            if isinstance(activation.layer, ReLU6):
                layer.high = min(layer.high, round(activation.layer.ceiling / layer.scale))
        number = self._append(
            node.path if node.inputs else "integers",
            layer,
            [self._numbers[p] for p in self._inputs(node)] or [-1],
        )
        for path in {node.path, end}:
            self._numbers[path], self._grids[path] = number, grid

    def _layer(
        self, node: TraceNode, own: Quantization, is_last: bool
    ) -> tuple[IntegerLayer, Quantization]:
        """The layer of an operation, and what its outputs stand for."""
        grids = [self._grids[path] for path in self._inputs(node)]
        scales = [float(grid.scale) for grid in grids]
        output = _settings(own)
        # a layer that applies a ReLU gives integers, and the network ends with ``ToNumbers``
        ending = output | {"scale": 0.0} if is_last and node.path not in self._fused else output
        layer = node.layer
        if not grids:
            return ToIntegers(**output), own
        if node.path in self._scheme.keep_float:
            return self._in_numbers(node, scales[0], ending), own
        if node.operation == "Add":
            return IntegerAdd(**output, input_scales=scales), own
        if node.operation == "Concatenate":
            return IntegerConcatenate(**output, input_scales=scales), own
        if node.operation == "Multiply":
            return IntegerMultiply(**output, input_scales=scales), own
        if node.operation == "Mean" or isinstance(layer, GlobalAveragePool):
            return IntegerMean(**output, input_scale=scales[0]), own
        if isinstance(layer, WEIGHTED):
            return self._weighted(layer, grids[0], ending), own
        if isinstance(layer, MEANS):
            return OfIntegers(**output, layer=layer.config(), input_scale=scales[0]), own
        if isinstance(layer, (*MOVES, MaxPool2D, ReLU)) and not isinstance(layer, ReLU6):
            return OfIntegers(**_settings(grids[0]), layer=layer.config()), grids[0]
        if isinstance(layer, TABULATED):
            low, high = _ends(grids[0])
            table = IntegerTable(
                **output,
                layer=layer.config(),
                input_scale=scales[0],
                input_low=low,
                input_high=high,
            )
            return table, own
        return self._in_numbers(node, scales[0], ending), own

    def _in_numbers(
        self, node: TraceNode, input_scale: float, output: Mapping[str, Any]
    ) -> IntegerLayer:
        """A layer that computes with numbers."""
        if node.layer is None:
            raise ValueError(f"{node.path} joins several arrays, and cannot be kept in float")
        return InNumbers(**output, layer=node.layer.config(), input_scale=input_scale)

    def _weighted(
        self, layer: Layer, grid: Quantization, output: Mapping[str, Any]
    ) -> IntegerLayer:
        """A convolution or dense layer of integers."""
        low, high = _ends(grid)
        settings = {
            **output,
            "input_scale": float(grid.scale),
            "largest": max(-low, high),
            "bits": self._scheme.bits,
            "per_channel": self._scheme.per_channel,
        }
        config = {k: v for k, v in layer.config().items() if k not in ("type", "bias")}
        config.pop("initialization")
        kind = IntegerConv2D if isinstance(layer, Conv2D) else IntegerDense
        return kind(**settings, **config)

    def _fill(self) -> None:
        """Write weights and biases."""
        by_path = {node.path: node.layer for node in self.nodes}
        for label, made in zip(self._labels, self._layers, strict=True):
            source = by_path.get(label)
            if source is None:
                continue
            arrays = {**source.parameters, **source.frozen}
            if isinstance(made, IntegerConv2D | IntegerDense):
                fill_integers(made, arrays["W"], arrays.get("b"))
            elif isinstance(made, InNumbers):
                for name, array in {**arrays, **source.buffers}.items():
                    made.buffers[name][...] = array


def fill_integers(layer: IntegerConv2D | IntegerDense, w: Any, b: Any) -> None:
    """Write w (..., filters) and b (filters,), or None, as integers."""
    quantization = weight_quantization(w, layer.bits, layer.per_channel)
    fill_weights(layer.buffers, w, quantization)
    if b is not None:
        product = np.float64(layer.input_scale) * quantization.scale.astype(np.float64)
        limit = 2**31 - 1
        layer.buffers["b"][...] = np.clip(np.rint(b / product), -limit, limit)


def quantize_static(
    network: Sequential, seen: Mapping[str, Statistics], scheme: Scheme
) -> IntegerNetwork:
    """The network of integers for a network with folded batch normalization.

    Raises ValueError for a layer to keep that does not exist.
    """
    return StaticConversion(network, seen, scheme).convert()


def _settings(quantization: Quantization) -> dict[str, Any]:
    """Settings of a layer whose outputs are of a quantization."""
    low, high = _ends(quantization)
    return {
        "scale": float(quantization.scale),
        "zero_point": int(quantization.zero_point),
        "low": low,
        "high": high,
    }


def _ends(quantization: Quantization) -> tuple[int, int]:
    """Ends of the integers without their zero point."""
    zero = int(quantization.zero_point)
    return quantization.lowest - zero, quantization.highest - zero


def _does_nothing(node: TraceNode) -> bool:
    """Whether an operation gives its input on, in evaluation."""
    return isinstance(node.layer, Dropout | FakeQuantization) or type(node.layer) is Layer


def _given_quantizations(
    nodes: Sequence[TraceNode], aliases: Mapping[str, str]
) -> dict[str, Quantization]:
    """Those that training has found, by the operation whose outputs they are for."""
    found: dict[str, Quantization] = {}
    for node in nodes:
        if isinstance(node.layer, FakeQuantization) and node.layer.quantization is not None:
            (source,) = node.inputs
            found[aliases.get(source, source)] = node.layer.quantization
    return found


def _aliases(nodes: Sequence[TraceNode]) -> dict[str, str]:
    """For each operation that does nothing the one whose output it has."""
    found: dict[str, str] = {}
    for node in nodes:
        if _does_nothing(node):
            (source,) = node.inputs
            found[node.path] = found.get(source, source)
    return found

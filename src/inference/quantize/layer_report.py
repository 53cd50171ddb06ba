"""What quantization does to each layer: how much noise, and how much the answers mind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from src.classic_cnn.quantized import IntegerLayer, IntegerNetwork
from src.classic_cnn.quantized.weights import weight_quantization
from src.classic_nn.array_types import Array
from src.classic_nn.context import Context
from src.classic_nn.layers import ReLU, ReLU6, Sequential
from src.classic_nn.layers.base import Layer, TraceNode
from src.classic_nn.layers.trace import run_trace, trace_network
from src.classic_nn.quantization.affine import Quantization
from src.classic_nn.quantization.ranges import choose_quantization
from src.classic_nn.quantization.statistics import Statistics
from src.inference.quantize_scheme import Scheme


@dataclass(frozen=True)
class LayerNoise:
    """One layer with weights.

    Attributes:
        path: of the layer.
        signal_to_noise: of its outputs in the quantized network, decibels; NaN where the scheme
            leaves activations alone.
        sensitivity: signal to noise of the network's outputs if this layer alone is quantized,
            decibels: the lower, the more the answers mind.
        weight_error: of its weights, root mean square, by their own.
    """

    path: str
    signal_to_noise: float
    sensitivity: float
    weight_error: float


def decibels(signal: Array, noisy: Array) -> float:
    """10 log10 of the ratio of the squares of a signal and of what was added to it.

    >>> decibels(np.array([10.0]), np.array([11.0]))
    20.0
    """
    noise = float(np.square(noisy.astype(np.float64) - signal).sum())
    power = float(np.square(signal, dtype=np.float64).sum())
    return float(10 * np.log10(power / noise)) if noise and power else float("inf")


def layer_noise(
    folded: Sequential,
    quantized: Layer,
    seen: Mapping[str, Statistics],
    scheme: Scheme,
    x: Array,
) -> list[LayerNoise]:
    """A row for each layer with weights.

    Args:
        folded: the network of numbers, batch normalization folded.
        quantized: made of it.
        seen: statistics of calibration; empty if the scheme has none.
        scheme: how it was made.
        x: (samples, *input_shape), some inputs.
    """
    nodes = trace_network(folded)
    outputs = numbers_of(quantized, x) if isinstance(quantized, IntegerNetwork) else {}
    ends = ends_of(nodes)
    wanted = {ends.get(path, path) for path in outputs}
    exact: dict[str, Array] = {}

    def remember(node: TraceNode, y: Array) -> Array:
        if node.path in wanted:
            exact[node.path] = y
        return y

    y = run_trace(nodes, x, remember)
    rows = []
    for node in nodes:
        w = weights_of(node)
        if w is None:
            continue
        rounded = weight_quantization(w, scheme.bits, scheme.per_channel).round_trip(w)
        noisy = float("nan")
        if node.path in outputs:
            noisy = decibels(exact[ends.get(node.path, node.path)], outputs[node.path])
        own = _own_quantization(seen, node.path, scheme)
        alone = _with_one(nodes, x, node.path, rounded, own)
        error = float(np.sqrt(np.square(rounded - w).mean() / np.square(w).mean()))
        rows.append(LayerNoise(node.path, noisy, decibels(y, alone), error))
    return rows


def weights_of(node: TraceNode) -> NDArray[np.floating] | None:
    """W of a layer that has some, (..., outputs)."""
    if node.layer is None:
        return None
    return {**node.layer.parameters, **node.layer.frozen}.get("W")


def ends_of(nodes: Sequence[TraceNode]) -> dict[str, str]:
    """The ReLU by the path of the layer that applies it: its only follower."""
    followers: dict[str, list[TraceNode]] = {}
    for node in nodes:
        for path in node.inputs:
            followers.setdefault(path, []).append(node)
    return {
        path: after[0].path
        for path, after in followers.items()
        if len(after) == 1 and type(after[0].layer) in (ReLU, ReLU6)
    }


def numbers_of(network: IntegerNetwork, x: Array) -> dict[str, Array]:
    """s x_hat of each layer's output, by its label; of a layer that applies a ReLU, after it."""
    outputs: dict[str, Array] = {}

    def look(layer: Layer, y: Array) -> None:
        assert isinstance(layer, IntegerLayer)
        outputs[layer.name] = y * np.float32(layer.scale) if layer.scale else y

    network.forward(x, Context(observer=look, keep_cache=False))
    return outputs


def _own_quantization(
    seen: Mapping[str, Statistics], path: str, scheme: Scheme
) -> Quantization | None:
    if path not in seen:
        return None
    return choose_quantization(seen[path], scheme.method, 8, scheme.symmetric)


def _with_one(
    nodes: Sequence[TraceNode],
    x: Array,
    path: str,
    w: NDArray[np.floating],
    output: Quantization | None,
) -> Array:
    """The network's output where one layer has these weights, and rounds its outputs."""
    (node,) = (node for node in nodes if node.path == path)
    assert node.layer is not None
    arrays = node.layer.parameters or node.layer.frozen
    before = arrays["W"].copy()
    arrays["W"][...] = w

    def change(other: TraceNode, y: Array) -> Array:
        return output.round_trip(y) if output is not None and other.path == path else y

    try:
        return run_trace(nodes, x, change)
    finally:
        arrays["W"][...] = before

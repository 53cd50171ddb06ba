"""A value of the forward pass, opened: the sum or the formula behind it."""

from collections.abc import Callable
from math import exp, sqrt
from typing import Any

import numpy as np

from src.classic_cnn.layers import AveragePool2D, Conv2D, GlobalAveragePool, MaxPool2D, Resize2D
from src.classic_nn.array_types import Array
from src.classic_nn.layers import BatchNorm, Dense, Layer
from src.classic_nn.layers.activations import Activation, ReLU, ReLU6, Softmax
from src.classic_nn.layers.base import TraceNode
from src.classic_nn.layers.instance_norm import InstanceNorm
from src.classic_nn.layers.local_response import LocalResponseNorm
from src.classic_nn.layers.per_channel import PReLU, ScaleShift
from src.inference.glass.moves import moves, source_place
from src.inference.glass.opened import Opened, Source
from src.inference.glass.passes import Passes
from src.inference.glass.windows import geometry_of, taken, window_source

Place = tuple[int, ...]


def open_value(passes: Passes, path: str, place: Place) -> Opened:
    """What is behind one value of a node's output.

    Args:
        passes: forward.
        path: of the node.
        place: (row, column, channel) or (feature,), within the node's shape.

    Raises IndexError for a place that there is not.
    """
    node = passes.nodes[path]
    check_place(place, node.shape)
    value = float(passes.values[path][0][place])
    if not node.inputs:
        return Opened("x, the prepared photo", value, steps=(("x", value),))
    if node.layer is None:
        return _of_join(passes, node, place, value)
    opener = opener_of(node.layer)
    if opener is None:
        raise TypeError(f"{path}: {node.operation} cannot be opened")
    return opener(node, passes.inputs(path)[0][0], place, value)


def opener_of(layer: Layer) -> Callable[[TraceNode, Array, Place, float], Opened] | None:
    """What opens a value of a layer; None where nothing does."""
    if moves(layer):
        return _moved
    return next((found for kind, found in OPENERS.items() if isinstance(layer, kind)), None)


def check_place(place: Place, shape: tuple[int, ...]) -> None:
    """Raise IndexError unless a place lies within a shape."""
    inside = len(place) == len(shape) and all(0 <= k < n for k, n in zip(place, shape, strict=True))
    if not inside:
        raise IndexError(f"expected a place within {shape}, got {tuple(place)}")


def arrays_of(layer: Layer) -> dict[str, Array]:
    """Parameters, trained or frozen, and running statistics."""
    return {**layer.frozen, **layer.parameters, **layer.buffers}


def _convolution(node: TraceNode, x: Array, place: Place, value: float) -> Opened:
    layer: Any = node.layer
    W, b = arrays_of(layer)["W"], arrays_of(layer).get("b")
    row, column, filter_ = place
    group = filter_ // (W.shape[3] // layer.groups)
    where = geometry_of(layer, x.shape[:2])
    channels = (group * W.shape[2], W.shape[2])
    source = window_source(node.inputs[0], where, row, column, channels)
    bias = () if b is None else (("b", float(b[filter_])),)
    factors = (taken(x, source), W[..., filter_])
    formula = "y = Σ x·w + b" if bias else "y = Σ x·w"
    return Opened(formula, value, ("x", "w"), factors, bias, source=source)


def _dense(node: TraceNode, x: Array, place: Place, value: float) -> Opened:
    arrays = arrays_of(node.layer)  # type: ignore[arg-type]
    W, b = arrays["W"], arrays.get("b")
    (unit,) = place
    bias = () if b is None else (("b", float(b[unit])),)
    formula = "y = Σ x·w + b" if bias else "y = Σ x·w"
    source = Source(node.inputs[0], (0,), (1,), x.shape)
    return Opened(formula, value, ("x", "w"), (x, W[:, unit]), bias, source=source)


def _batch_norm(node: TraceNode, x: Array, place: Place, value: float) -> Opened:
    layer: Any = node.layer
    arrays = {name: float(array[place[-1]]) for name, array in arrays_of(layer).items()}
    mean, deviation = arrays["running_mean"], sqrt(arrays["running_variance"] + layer.epsilon)
    return _normalized(node, x, place, value, mean, deviation, arrays)


def _instance_norm(node: TraceNode, x: Array, place: Place, value: float) -> Opened:
    layer: Any = node.layer
    arrays = {name: float(array[place[-1]]) for name, array in arrays_of(layer).items()}
    pixels = x[..., place[-1]].astype(np.float64)
    deviation = sqrt(float(pixels.var()) + layer.epsilon)
    return _normalized(node, x, place, value, float(pixels.mean()), deviation, arrays)


def _normalized(
    node: TraceNode,
    x: Array,
    place: Place,
    value: float,
    mean: float,
    deviation: float,
    arrays: dict[str, float],
) -> Opened:
    """Mean and deviation put in, then gamma and beta."""
    own = float(x[place])
    x_hat = (own - mean) / deviation
    steps = (
        *(("x", own), ("mean", mean), ("x - mean", own - mean), ("deviation", deviation)),
        *(("x̂", x_hat), ("γ", arrays["gamma"]), ("β", arrays["beta"])),
        ("y", arrays["gamma"] * x_hat + arrays["beta"]),
    )
    formula = "y = γ·x̂ + β,  x̂ = (x - mean) / deviation,  deviation = √(variance + ε)"
    return Opened(formula, value, steps=steps, source=point(node.inputs[0], place))


def _scale_shift(node: TraceNode, x: Array, place: Place, value: float) -> Opened:
    arrays = arrays_of(node.layer)  # type: ignore[arg-type]
    gamma, beta = (float(arrays[name][place[-1]]) for name in ("gamma", "beta"))
    own = float(x[place])
    steps = (("x", own), ("γ", gamma), ("β", beta), ("y", gamma * own + beta))
    return Opened("y = γ·x + β", value, steps=steps, source=point(node.inputs[0], place))


def _prelu(node: TraceNode, x: Array, place: Place, value: float) -> Opened:
    slope = float(arrays_of(node.layer)["slope"][place[-1]])  # type: ignore[arg-type]
    own = float(x[place])
    steps = (("x", own), ("slope", slope), ("y", own if own > 0 else slope * own))
    formula = "y = x where x > 0, else slope·x"
    return Opened(formula, value, steps=steps, source=point(node.inputs[0], place))


def _activation(node: TraceNode, x: Array, place: Place, value: float) -> Opened:
    """Its formula stands in the class's docstring."""
    own = float(x[place])
    formula = (type(node.layer).__doc__ or "").split("\n")[0].rstrip(".")
    if isinstance(node.layer, ReLU | ReLU6):
        y = min(max(own, 0.0), float(node.layer.ceiling))
    else:
        y = float(node.layer.forward(np.array([[own]]))[0][0, 0])  # type: ignore[union-attr]
    steps = (("x", own), ("y", y))
    return Opened(formula, value, steps=steps, source=point(node.inputs[0], place))


def _softmax(node: TraceNode, x: Array, place: Place, value: float) -> Opened:
    row = x[place[:-1]].astype(np.float64)
    largest = float(row.max())
    own, total = exp(float(row[place[-1]]) - largest), float(np.exp(row - largest).sum())
    steps = (
        *(("x", float(row[place[-1]])), ("largest x", largest), ("exp(x - largest)", own)),
        *(("sum of all exp", total), ("y", own / total)),
    )
    return Opened("y = exp(x) / Σ exp", value, steps=steps, source=point(node.inputs[0], place))


def _max_pool(node: TraceNode, x: Array, place: Place, value: float) -> Opened:
    where = geometry_of(node.layer, x.shape[:2])  # type: ignore[arg-type]
    source = window_source(node.inputs[0], where, place[0], place[1], (place[2], 1))
    window = taken(x, source, -np.inf)
    winner = tuple(int(k) for k in np.unravel_index(window.argmax(), window.shape))
    return Opened("y = the largest x", value, ("x",), (window,), source=source, winner=winner)


def _average_pool(node: TraceNode, x: Array, place: Place, value: float) -> Opened:
    layer: Any = node.layer
    where = geometry_of(layer, x.shape[:2])
    source = window_source(node.inputs[0], where, place[0], place[1], (place[2], 1))
    inside = taken(np.ones_like(x), source)
    count = inside.size if layer.count_padding else float(inside.sum())
    weights = np.full(inside.shape, 1 / count)
    return Opened("y = Σ x / n", value, ("x", "1/n"), (taken(x, source), weights), source=source)


def _global_average(node: TraceNode, x: Array, place: Place, value: float) -> Opened:
    return mean_of_map(node.inputs[0], x, place[-1], value)


def mean_of_map(path: str, x: Array, channel: int, value: float) -> Opened:
    """The mean over all pixels of a channel."""
    pixels = x[..., channel : channel + 1]
    source = Source(path, (*[0] * (x.ndim - 1), channel), (1,) * x.ndim, pixels.shape)
    weights = np.full(pixels.shape, 1 / pixels.size)
    return Opened("y = Σ x / n", value, ("x", "1/n"), (pixels, weights), source=source)


def _resize(node: TraceNode, x: Array, place: Place, value: float) -> Opened:
    a_h, a_w = node.layer.forward(x[np.newaxis])[1]  # type: ignore[union-attr]
    rows, columns = (np.flatnonzero(a[k]) for a, k in ((a_h, place[0]), (a_w, place[1])))
    weights = np.outer(a_h[place[0], rows], a_w[place[1], columns])[..., np.newaxis]
    start = (int(rows[0]), int(columns[0]), place[2])
    source = Source(node.inputs[0], start, (1, 1, 1), weights.shape)
    return Opened("y = Σ x·a, a by the distance", value, ("x", "a"), (taken(x, source), weights),
                  source=source)  # fmt: skip


def _local_response(node: TraceNode, x: Array, place: Place, value: float) -> Opened:
    layer: Any = node.layer
    before, behind = (layer.size - 1) // 2, layer.size // 2
    first, last = max(place[-1] - before, 0), min(place[-1] + behind, x.shape[-1] - 1)
    around = x[place[:-1]][first : last + 1].astype(np.float64)
    own, squares = float(x[place]), float((around**2).sum())
    d = layer.k + layer.alpha / layer.size * squares
    steps = (("x", own), ("Σ x² around", squares), ("d", d), ("y", own * d**-layer.beta))
    source = Source(
        node.inputs[0], (*place[:-1], first), (1,) * x.ndim, (1, 1, last - first + 1)[-x.ndim :]
    )
    formula = "y = x·d^-β,  d = k + α/size·Σ x²"
    return Opened(formula, value, steps=steps, source=source)


def _moved(node: TraceNode, x: Array, place: Place, value: float) -> Opened:
    found = source_place(node.layer, x.shape, place)  # type: ignore[arg-type]
    own = 0.0 if found is None else float(x[found])
    formula = "y = 0, padding" if found is None else "y = x, moved"
    source = None if found is None else point(node.inputs[0], found)
    return Opened(formula, value, steps=(("y", own),), source=source)


def _of_join(passes: Passes, node: TraceNode, place: Place, value: float) -> Opened:
    inputs = [each[0] for each in passes.inputs(node.path)]
    if node.operation == "Add":
        parts = tuple((path, float(x[place])) for path, x in zip(node.inputs, inputs, strict=True))
        return Opened("y = Σ of all", value, addends=parts, source=point(node.inputs[0], place))
    if node.operation == "Mean":
        return mean_of_map(node.inputs[0], inputs[0], place[-1], value)
    if node.operation == "Multiply":
        own, scale = float(inputs[0][place]), float(inputs[1][place[-1]])
        steps = (("x", own), (f"scale of channel {place[-1]}", scale), ("y", own * scale))
        return Opened("y = x·scale", value, steps=steps, source=point(node.inputs[0], place))
    channel = place[-1]  # Concatenate
    for path, x in zip(node.inputs, inputs, strict=True):
        if channel < x.shape[-1]:
            where = (*place[:-1], channel)
            moved = ((path, float(x[where])),)
            return Opened("y = x, moved", value, steps=moved, source=point(path, where))
        channel -= x.shape[-1]
    raise AssertionError(node.path)


def point(path: str, place: Place) -> Source:
    """One place."""
    return Source(path, tuple(place), (1,) * len(place), (1,) * len(place))


OPENERS: dict[Any, Callable[[TraceNode, Array, Place, float], Opened]] = {
    Conv2D: _convolution,
    Dense: _dense,
    BatchNorm: _batch_norm,
    InstanceNorm: _instance_norm,
    ScaleShift: _scale_shift,
    PReLU: _prelu,
    Softmax: _softmax,
    Activation: _activation,
    AveragePool2D: _average_pool,  # before its base, MaxPool2D
    MaxPool2D: _max_pool,
    GlobalAveragePool: _global_average,
    Resize2D: _resize,
    LocalResponseNorm: _local_response,
}
"""What opens a value of a layer, by its class; the first that fits."""

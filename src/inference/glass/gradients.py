"""A gradient, opened: of a value, as the sum over all that takes it; of a weight, over all windows.

The gradient of the loss with respect to a value is the sum, over the operations that take it, of
what each of them hands back (the chain rule); that with respect to a weight is the sum, over all
places where it is used, of the input there times the gradient of the output there.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from src.classic_cnn.layers import AveragePool2D, Conv2D, GlobalAveragePool, MaxPool2D, Resize2D
from src.classic_cnn.utils import Geometry
from src.classic_nn.array_types import Array
from src.classic_nn.layers import BatchNorm, Dense
from src.classic_nn.layers.activations import Activation, Softmax
from src.classic_nn.layers.base import TraceNode
from src.classic_nn.layers.instance_norm import InstanceNorm
from src.classic_nn.layers.local_response import LocalResponseNorm, window_sums
from src.classic_nn.layers.per_channel import PReLU, ScaleShift
from src.inference.glass.moves import moves, target_place
from src.inference.glass.opened import Opened, Source
from src.inference.glass.passes import Passes
from src.inference.glass.values import Place, arrays_of, check_place, point
from src.inference.glass.windows import geometry_of, taken, window_source

Step = tuple[tuple[str, float], ...]


def open_gradient(passes: Passes, path: str, place: Place) -> Opened:
    """What is behind the gradient of the loss with respect to one value of a node's output.

    Args:
        passes: forward and backward.
        path: of the node.
        place: within its shape.

    Of the network's output it is that of the loss itself: one step.
    """
    node = passes.nodes[path]
    check_place(place, node.shape)
    value = float(passes.gradients[path][0][place])
    parts = [
        _handed_back(passes, consumer, number, place)
        for consumer in passes.consumers(path)
        for number, source in enumerate(consumer.inputs)
        if source == path
    ]
    if not parts:
        return Opened("dL/dz of the loss", value, steps=(("dL/dz", value),))
    first, *others = parts
    return Opened(
        first.formula, value, first.names, first.factors, first.addends, first.steps,
        first.source, others=tuple(others),
    )  # fmt: skip


def open_weight_gradient(passes: Passes, path: str, name: str, place: Place) -> Opened:
    """What is behind the gradient of the loss with respect to one trained parameter.

    Args:
        passes: forward and backward.
        path: of the layer.
        name: of the array, "W", "b", "gamma", "beta", "slope".
        place: within it.

    Raises KeyError for a layer or an array without a gradient, IndexError for a place.
    """
    gradient = passes.parameter_gradients[path][name]
    check_place(place, gradient.shape)
    value, node = float(gradient[place]), passes.nodes[path]
    x, dy = passes.inputs(path)[0][0], passes.gradients[path][0]
    if name in ("b", "beta"):
        part = dy[..., place[-1]]
        return Opened(f"d{name} = Σ dy", value, ("dy",), (part,), source=_map(path, dy, place[-1]))
    if name == "W":
        if isinstance(node.layer, Conv2D):
            seen, source = _seen_by_weight(node, x, place)
            return Opened("dw = Σ x·dy", value, ("x", "dy"), (seen, dy[..., place[-1]]),
                          source=source)  # fmt: skip
        ahead, unit = place
        own, upstream = float(x[ahead]), float(dy[unit])
        steps = (("x", own), ("dy", upstream), ("dw", own * upstream))
        return Opened("dw = x·dy", value, steps=steps, source=point(node.inputs[0], (ahead,)))
    channel = place[-1]
    factor, symbol = _factor_of(node, name, x, channel)
    return Opened(
        f"d{'γ' if name == 'gamma' else name} = Σ {symbol}·dy",
        value,
        (symbol, "dy"),
        (factor, dy[..., channel]),
        source=_map(node.inputs[0], x, channel),
    )


def _map(path: str, x: Array, channel: int) -> Source:
    """A channel, whole."""
    return Source(path, (*[0] * (x.ndim - 1), channel), (1,) * x.ndim, (*x.shape[:-1], 1))


def _seen_by_weight(node: TraceNode, x: Array, place: Place) -> tuple[Array, Source]:
    """What one weight of a convolution meets at each place of the output, (OH, OW)."""
    layer: Any = node.layer
    i, j, local, filter_ = place
    where = geometry_of(layer, x.shape[:2])
    W = arrays_of(layer)["W"]
    channel = filter_ // (W.shape[3] // layer.groups) * W.shape[2] + local
    start = (
        i * where.dilation[0] - where.padding[0][0],
        j * where.dilation[1] - where.padding[1][0],
        channel,
    )
    source = Source(node.inputs[0], start, (*where.stride, 1), (*where.output, 1))
    return taken(x, source)[..., 0], source


def _factor_of(node: TraceNode, name: str, x: Array, channel: int) -> tuple[Array, str]:
    """What the gradient of the output is multiplied by, for gamma and slope."""
    layer: Any = node.layer
    arrays, own = arrays_of(layer), x[..., channel].astype(np.float64)
    if name == "slope":
        return np.where(own > 0, 0.0, own), "min(x, 0)"
    if isinstance(layer, ScaleShift):
        return own, "x"
    if isinstance(layer, InstanceNorm):
        return (own - own.mean()) / np.sqrt(own.var() + layer.epsilon), "x̂"
    mean, variance = arrays["running_mean"][channel], arrays["running_variance"][channel]
    return (own - float(mean)) / np.sqrt(float(variance) + layer.epsilon), "x̂"


def _handed_back(passes: Passes, node: TraceNode, number: int, place: Place) -> Opened:
    """What a node hands back to a value that it takes.

    Args:
        passes: forward and backward.
        node: that takes it.
        number: of the input among the node's.
        place: of the value in the input.
    """
    dy = passes.gradients[node.path][0]
    if node.layer is None:
        return _through_join(passes, node, number, place, dy)
    x = passes.inputs(node.path)[0][0]
    layer = node.layer
    if moves(layer):
        found = target_place(layer, x.shape, place)
        value = 0.0 if found is None else float(dy[found])
        return _scaled(node, found, 1.0, value, "dx = dy, moved")
    handed = next(h for kind, h in HANDERS.items() if isinstance(layer, kind))
    return handed(node, x, dy, place)


def _scaled(node: TraceNode, place: Place | None, slope: float, dy: float, formula: str) -> Opened:
    """A gradient times a number."""
    steps: Step = (("dy", dy), ("slope", slope), ("dx", slope * dy))
    source = None if place is None else point(node.path, place)
    return Opened(formula, slope * dy, steps=steps, source=source)


def _sum(
    formula: str, names: tuple[str, str], w: Array, dy: Array, source: Source | None
) -> Opened:
    value = float((w.astype(np.float64) * dy.astype(np.float64)).sum())
    return Opened(formula, value, names, (w, dy), source=source)


def _windows_with(
    where: Geometry, place: Place
) -> Iterable[tuple[tuple[int, int], tuple[int, int]]]:
    """Elements of the kernel, and the places of the output where each meets a pixel."""
    for i in range(where.kernel[0]):
        for j in range(where.kernel[1]):
            down = place[0] + where.padding[0][0] - i * where.dilation[0]
            right = place[1] + where.padding[1][0] - j * where.dilation[1]
            row, column = down // where.stride[0], right // where.stride[1]
            meets = down % where.stride[0] == 0 and right % where.stride[1] == 0
            if meets and 0 <= row < where.output[0] and 0 <= column < where.output[1]:
                yield (i, j), (row, column)


def _convolution(node: TraceNode, x: Array, dy: Array, place: Place) -> Opened:
    """Every element of the kernel that has met the pixel, for every filter of its group."""
    layer: Any = node.layer
    W = arrays_of(layer)["W"]
    group, local = divmod(place[2], W.shape[2])
    filters = W.shape[3] // layer.groups
    of_group = slice(group * filters, (group + 1) * filters)
    where = geometry_of(layer, x.shape[:2])
    weights = np.zeros((*where.kernel, filters), W.dtype)
    upstream = np.zeros((*where.kernel, filters), dy.dtype)
    for element, (row, column) in _windows_with(where, place):
        weights[element] = W[(*element, local, of_group)]
        upstream[element] = dy[row, column, of_group]
    return _sum("dx = Σ w·dy", ("w", "dy"), weights, upstream, None)


def _dense(node: TraceNode, x: Array, dy: Array, place: Place) -> Opened:
    W = arrays_of(node.layer)["W"]  # type: ignore[arg-type]
    source = Source(node.path, (0,), (1,), dy.shape)
    return _sum("dx = Σ w·dy", ("w", "dy"), W[place[0]], dy, source)


def _elementwise(node: TraceNode, x: Array, dy: Array, place: Place) -> Opened:
    """The slope at x, by the layer's own backward pass of ones."""
    layer: Any = node.layer
    ones = np.ones((1, *x.shape), x.dtype)
    slope = layer.backward(ones, layer.forward(x[np.newaxis])[1])[0][0][place]
    return _scaled(node, place, float(slope), float(dy[place]), "dx = slope·dy")


def _softmax(node: TraceNode, x: Array, dy: Array, place: Place) -> Opened:
    layer: Any = node.layer
    y = layer.forward(x[np.newaxis])[0][0][place[:-1]].astype(np.float64)
    upstream = dy[place[:-1]].astype(np.float64)
    mean, own = float((upstream * y).sum()), float(y[place[-1]])
    at = float(upstream[place[-1]])
    steps = (("y", own), ("dy", at), ("Σ y·dy", mean), ("dx", own * (at - mean)))
    return Opened("dx = y·(dy - Σ y·dy)", steps[-1][1], steps=steps, source=point(node.path, place))


def _instance_norm(node: TraceNode, x: Array, dy: Array, place: Place) -> Opened:
    layer: Any = node.layer
    channel = place[-1]
    own, upstream = (a[..., channel].astype(np.float64) for a in (x, dy))
    r = 1 / np.sqrt(own.var() + layer.epsilon)
    x_hat = (own - own.mean()) * r
    gamma, at = float(arrays_of(layer)["gamma"][channel]), place[:-1]
    mean, along = float(upstream.mean()), float((upstream * x_hat).mean())
    dx = gamma * r * (upstream[at] - mean - x_hat[at] * along)
    steps = (
        *(("γ", gamma), ("1 / deviation", float(r)), ("dy", float(upstream[at]))),
        *(("mean of dy", mean), ("x̂", float(x_hat[at])), ("mean of dy·x̂", along)),
        ("dx", float(dx)),
    )
    formula = "dx = γ / deviation·(dy - mean of dy - x̂·mean of dy·x̂)"
    return Opened(formula, float(dx), steps=steps, source=_map(node.path, dy, channel))


def _local_response(node: TraceNode, x: Array, dy: Array, place: Place) -> Opened:
    layer: Any = node.layer
    before, behind = (layer.size - 1) // 2, layer.size // 2
    own, upstream = (a[place[:-1]].astype(np.float64) for a in (x, dy))
    d = layer.k + layer.alpha / layer.size * window_sums(own * own, before, behind)
    shared = window_sums(upstream * own * d ** (-layer.beta - 1), behind, before)
    c, factor = place[-1], 2 * layer.alpha * layer.beta / layer.size
    direct = float(upstream[c] * d[c] ** -layer.beta)
    dx = direct - float(factor * own[c] * shared[c])
    steps = (
        *(("dy·d^-β", direct), ("x", float(own[c])), ("Σ around", float(shared[c]))),
        ("dx", dx),
    )
    formula = "dx = dy·d^-β - 2αβ/size·x·Σ dy·x·d^(-β-1)"
    return Opened(formula, dx, steps=steps, source=_map(node.path, dy, c))


def _max_pool(node: TraceNode, x: Array, dy: Array, place: Place) -> Opened:
    """1 for each window that the pixel has won, 0 for those that it has not."""
    where = geometry_of(node.layer, x.shape[:2])  # type: ignore[arg-type]
    won, upstream = [], []
    for element, (row, column) in _windows_with(where, place):
        source = window_source(node.inputs[0], where, row, column, (place[2], 1))
        window = taken(x, source, -np.inf)[..., 0]
        first = np.unravel_index(window.argmax(), window.shape)
        won.append(float(tuple(map(int, first)) == element))
        upstream.append(float(dy[row, column, place[2]]))
    return _sum("dx = Σ dy of the windows it has won", ("won", "dy"), np.array(won),
                np.array(upstream), None)  # fmt: skip


def _average_pool(node: TraceNode, x: Array, dy: Array, place: Place) -> Opened:
    layer: Any = node.layer
    where = geometry_of(layer, x.shape[:2])
    shares, upstream = [], []
    for _, (row, column) in _windows_with(where, place):
        source = window_source(node.inputs[0], where, row, column, (place[2], 1))
        inside = taken(np.ones_like(x), source)
        shares.append(1 / (inside.size if layer.count_padding else float(inside.sum())))
        upstream.append(float(dy[row, column, place[2]]))
    return _sum("dx = Σ dy / n", ("1/n", "dy"), np.array(shares), np.array(upstream), None)


def _global_average(node: TraceNode, x: Array, dy: Array, place: Place) -> Opened:
    pixels = x[..., 0].size
    return _scaled(node, (place[-1],), 1 / pixels, float(dy[place[-1]]), "dx = dy / n")


def _resize(node: TraceNode, x: Array, dy: Array, place: Place) -> Opened:
    layer: Any = node.layer
    a_h, a_w = layer.forward(x[np.newaxis])[1]
    rows, columns = np.flatnonzero(a_h[:, place[0]]), np.flatnonzero(a_w[:, place[1]])
    weights = np.outer(a_h[rows, place[0]], a_w[columns, place[1]])
    upstream = dy[np.ix_(rows, columns)][..., place[2]]
    return _sum("dx = Σ a·dy", ("a", "dy"), weights, upstream, None)


def _through_join(passes: Passes, node: TraceNode, number: int, place: Place, dy: Array) -> Opened:
    inputs = [each[0] for each in passes.inputs(node.path)]
    if node.operation == "Add":
        return _scaled(node, place, 1.0, float(dy[place]), "dx = dy")
    if node.operation == "Concatenate":
        before = sum(each.shape[-1] for each in inputs[:number])
        where = (*place[:-1], before + place[-1])
        return _scaled(node, where, 1.0, float(dy[where]), "dx = dy, moved")
    if node.operation == "Mean":
        pixels = inputs[0][..., 0].size
        return _scaled(node, (place[-1],), 1 / pixels, float(dy[place[-1]]), "dx = dy / n")
    if number == 0:
        scale = float(inputs[1][place[-1]])
        return _scaled(node, place, scale, float(dy[place]), "dx = scale·dy")
    channel = place[-1]
    return _sum("dscale = Σ x·dy", ("x", "dy"), inputs[0][..., channel], dy[..., channel],
                _map(node.inputs[0], inputs[0], channel))  # fmt: skip


HANDERS: dict[Any, Callable[[TraceNode, Array, Array, Place], Opened]] = {
    Conv2D: _convolution,
    Dense: _dense,
    InstanceNorm: _instance_norm,
    LocalResponseNorm: _local_response,
    Softmax: _softmax,
    AveragePool2D: _average_pool,  # before its base, MaxPool2D
    MaxPool2D: _max_pool,
    GlobalAveragePool: _global_average,
    Resize2D: _resize,
    **dict.fromkeys((BatchNorm, ScaleShift, PReLU, Activation), _elementwise),
}
"""How a layer hands back to a value that it takes, by its class; the first that fits."""

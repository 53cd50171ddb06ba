"""A network as a list of operations and of what each of them takes.

Every container says its own wiring (``Layer.trace``); whoever needs the whole, to draw it or to
write it in another format, walks this one list and knows no container.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.context import PREDICTION
from src.classic_nn.layers.base import TraceNode
from src.classic_nn.layers.container import Container

Change = Callable[[TraceNode, Array], Array]
"""Is given an operation and its output, and returns what takes its place."""

INPUT = "input"
"""Path of the node that is the network's input."""


def trace_network(network: Container) -> list[TraceNode]:
    """All operations, each after those whose outputs it takes; the last has the network's output.

    Args:
        network: built; ValueError if it isn't.

    >>> import numpy as np
    >>> from src.classic_nn import Dense, ReLU, Residual, Sequential
    >>> network = Sequential([Dense(3), Residual(Sequential([Dense(3), ReLU()]))])
    >>> _ = network.build((2,), np.random.default_rng(0))
    >>> for node in trace_network(network):
    ...     print(node.path, node.inputs, node.shape)
    input () (2,)
    dense1 ('input',) (3,)
    residual1.body.dense1 ('dense1',) (3,)
    residual1.body.relu1 ('residual1.body.dense1',) (3,)
    residual1.add ('residual1.body.relu1', 'dense1') (3,)
    """
    source = TraceNode(INPUT, "Input", (), network.built_shape())
    nodes = [source]
    network.trace(source, "", nodes)
    return nodes


def run_trace(nodes: Sequence[TraceNode], x: Array, change: Change = lambda node, y: y) -> Array:
    """Compute the operations of a trace, in evaluation mode; returns the network's output.

    Unlike ``forward`` it shows the output of every operation, those of containers too.

    Args:
        nodes: see ``trace_network``.
        x: (samples, *input_shape).
        change: given every operation and its output, (samples, *shape); returns this, or another.
    """
    uses = Counter(path for node in nodes for path in node.inputs)
    values: dict[str, Array] = {}
    y = x
    for node in nodes:
        inputs = [values[path] for path in node.inputs]
        y = change(node, _computed(node, inputs) if inputs else x)
        values[node.path] = y
        for path in node.inputs:
            uses[path] -= 1
            if not uses[path]:
                values.pop(path, None)
    return y


def _computed(node: TraceNode, inputs: Sequence[Array]) -> Array:
    """The output of one operation."""
    if node.layer is not None:
        return node.layer.forward(inputs[0], PREDICTION)[0]
    return join_outputs(node.operation, inputs)


def join_outputs(operation: str, inputs: Sequence[Array]) -> Array:
    """What a container makes of the outputs of its children, (samples, ...) each.

    Args:
        operation: "Add"; "Concatenate", along the channels; "Mean", over the pixels; "Multiply",
            by a number for each sample and channel.
        inputs: in the order of the node's.
    """
    first, *others = inputs
    if operation == "Concatenate":
        return np.concatenate(inputs, axis=-1)
    if operation == "Mean":
        mean: Array = first.mean(axis=tuple(range(1, first.ndim - 1)))
        return mean
    if operation == "Add":
        return sum(others, start=first)
    (scale,) = others
    return first * per_pixel(scale, first)


def per_pixel(channels: Array, maps: Array) -> Array:
    """(samples, channels) as (samples, 1, ..., channels), to be spread over the pixels of maps."""
    return channels.reshape(len(maps), *[1] * (maps.ndim - 2), maps.shape[-1])

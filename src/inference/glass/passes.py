"""One sample on its way through a network and back, with the numbers of every operation kept.

The network is walked as its trace says (``Layer.trace``), in evaluation mode: each operation is
computed by the layer's own ``forward`` and ``backward``. Where an output is taken by several
operations, its gradient is the sum of theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.context import EVALUATION
from src.classic_nn.layers.base import TraceNode
from src.classic_nn.layers.container import Container
from src.classic_nn.layers.trace import join_outputs, per_pixel, trace_network
from src.classic_nn.parameters import ParameterVector


@dataclass
class Passes:
    """The numbers of one sample.

    Attributes:
        nodes: of the network's trace, by path, in order.
        values: output of each node, (1, *shape).
        gradients: of the loss with respect to each output, (1, *shape), after ``backward``; of
            outputs that the loss does not see, zeros.
        parameter_gradients: by path of the layer, those that are trained.
    """

    nodes: dict[str, TraceNode]
    values: dict[str, Array] = field(default_factory=dict)
    gradients: dict[str, Array] = field(default_factory=dict)
    parameter_gradients: dict[str, ParameterVector] = field(default_factory=dict)
    _caches: dict[str, Any] = field(default_factory=dict)

    @property
    def output(self) -> Array:
        """Of the network: (outputs,), the logits."""
        found: Array = self.values[next(reversed(self.nodes))][0]
        return found

    def inputs(self, path: str) -> list[Array]:
        """What a node takes, (1, *shape) each."""
        return [self.values[source] for source in self.nodes[path].inputs]

    def consumers(self, path: str) -> list[TraceNode]:
        """Nodes that take the output of one."""
        return [node for node in self.nodes.values() if path in node.inputs]

    def backward(self, dy: Array) -> None:
        """Go back from the gradient of the loss with respect to the outputs, (outputs,)."""
        last = next(reversed(self.nodes))
        self.gradients = {path: np.zeros_like(value) for path, value in self.values.items()}
        self.gradients[last] = dy[np.newaxis].astype(self.values[last].dtype)
        for path in reversed(self.nodes):
            node = self.nodes[path]
            if not node.inputs:
                continue
            for source, part in zip(node.inputs, self._backward_of(node), strict=True):
                self.gradients[source] = self.gradients[source] + part

    def _backward_of(self, node: TraceNode) -> list[Array]:
        """Gradients with respect to what a node takes."""
        dy = self.gradients[node.path]
        if node.layer is None:
            return join_backward(node.operation, dy, self.inputs(node.path))
        dx, gradients = node.layer.backward(dy, self._caches[node.path], EVALUATION)
        assert dx is not None
        if gradients:
            self.parameter_gradients[node.path] = gradients
        return [dx]


def forward_passes(
    network: Container, x: Array, dropped: Mapping[str, Sequence[int]] | None = None
) -> Passes:
    """Put a sample through a network and keep everything.

    Args:
        network: built.
        x: (*input_shape).
        dropped: by paths of nodes, channels of their outputs that become 0.
    """
    nodes = {node.path: node for node in trace_network(network)}
    passes = Passes(nodes)
    for path, node in nodes.items():
        inputs = passes.inputs(path)
        if not inputs:
            y = x[np.newaxis]
        elif node.layer is None:
            y = join_outputs(node.operation, inputs)
        else:
            y, passes._caches[path] = node.layer.forward(inputs[0], EVALUATION)
        if dropped and path in dropped:
            y = y.copy()
            y[..., list(dropped[path])] = 0
        passes.values[path] = y
    return passes


def join_backward(operation: str, dy: Array, inputs: Sequence[Array]) -> list[Array]:
    """Gradients with respect to the inputs of ``join_outputs``."""
    first, *others = inputs
    if operation == "Concatenate":
        ends = np.cumsum([each.shape[-1] for each in inputs])[:-1]
        return np.split(dy, ends, axis=-1)
    if operation == "Mean":
        pixels = first[0, ..., 0].size
        return [np.broadcast_to(per_pixel(dy, first) / pixels, first.shape).astype(dy.dtype)]
    if operation == "Add":
        return [dy for _ in inputs]
    (scale,) = others
    axes = tuple(range(1, first.ndim - 1))
    return [dy * per_pixel(scale, first), (dy * first).sum(axis=axes)]

"""Calibration: statistics of every operation's outputs, over some inputs."""

from collections.abc import Iterable, Mapping

from src.classic_nn.array_types import Array
from src.classic_nn.communicator import SOLO, Communicator
from src.classic_nn.layers.base import TraceNode
from src.classic_nn.layers.container import Container
from src.classic_nn.layers.trace import run_trace, trace_network
from src.classic_nn.quantization.statistics import Statistics


def calibrate(
    network: Container, batches: Iterable[Array], communicator: Communicator = SOLO
) -> Mapping[str, Statistics]:
    """Statistics by the path of the operation, see ``trace_network``.

    Args:
        network: built; batch normalization should be folded already.
        batches: inputs (samples, *input_shape); of several workers each has its share.
        communicator: joins the workers; all of them get the statistics of all inputs.

    Raises ValueError, naming the operation, for activations that are not finite.
    """
    nodes = trace_network(network)
    seen = {node.path: Statistics() for node in nodes}

    def count(node: TraceNode, y: Array) -> Array:
        try:
            seen[node.path].update(y)
        except ValueError as error:
            raise ValueError(f"{node.path}: {error}") from None
        return y

    for x in batches:
        run_trace(nodes, x, count)
    for statistics in seen.values():
        statistics.merge(communicator)
    return seen

"""From a network to the graph that TensorBoard draws."""

from src.classic_nn.array_types import Shape
from src.classic_nn.layers import Layer, Parallel, Residual, Sequential
from src.history import GraphNode

INPUT = "input"


def network_graph(network: Sequential) -> list[GraphNode]:
    """A node for every layer, with its settings and the shape of its output.

    Containers become boxes that open: a residual block holds its body, its shortcut and their
    sum, parallel branches the branches and their concatenation.

    Args:
        network: built.
    """
    shape = network.built_shape()
    nodes = [GraphNode(INPUT, "Input", shape=shape)]
    _chain(network, "", INPUT, shape, nodes)
    return nodes


def _chain(
    network: Sequential, box: str, source: str, shape: Shape, nodes: list[GraphNode]
) -> tuple[str, Shape]:
    """Add layers that follow one another; returns the last one's name and shape."""
    for layer in network.layers:
        source, shape = _add(layer, box + layer.name, source, shape, nodes)
    return source, shape


def _add(
    layer: Layer, path: str, source: str, shape: Shape, nodes: list[GraphNode]
) -> tuple[str, Shape]:
    """Add a layer; returns the name of the node with its output, and that one's shape."""
    if isinstance(layer, Sequential):
        return _chain(layer, f"{path}/", source, shape, nodes)
    output = layer.output_shape(shape)
    if isinstance(layer, Residual | Parallel):
        ends = [
            _add(child, f"{path}/{child.name}", source, shape, nodes)[0]
            for child in layer.children()
        ]
        if isinstance(layer, Residual) and layer.shortcut is None:
            ends.append(source)
        kind = "Add" if isinstance(layer, Residual) else "Concatenate"
        nodes.append(GraphNode(f"{path}/{kind.lower()}", kind, tuple(ends), output))
        return f"{path}/{kind.lower()}", output
    settings = {
        name: value
        for name, value in layer.config().items()
        if name != "type" and not isinstance(value, dict | list)
    }
    settings["parameters"] = layer.parameters.vector.size
    nodes.append(GraphNode(path, type(layer).__name__, (source,), output, settings))
    return path, output

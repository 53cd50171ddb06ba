"""A graph as a network of our layers."""

from dataclasses import replace
from math import prod
from typing import NamedTuple

import numpy as np

from src.classic_nn.layers import Layer, ScaleShift, Sequential, Sigmoid, Softmax
from src.exchange.graph import Node, OnnxGraph, Tensor
from src.exchange.reading.concatenations import regroup
from src.exchange.reading.operators import OPERATORS
from src.exchange.reading.steps import MAX_SAMPLE_VALUES, Step, Steps, Value, refused
from src.exchange.reading.structure import Structure
from src.load.errors import UnreadableDataError


class Read(NamedTuple):
    """What a graph is.

    Attributes:
        network: built.
        source: its input, as the file has it.
        ending: the layers that the file has behind the last one of the network: probabilities, and
            a temperature before them.
    """

    network: Sequential
    source: Value
    ending: tuple[Layer, ...]


def read_network(
    graph: OnnxGraph, size: int | None = None, temperature: float = 1.0, strip: bool = True
) -> Read:
    """The network of a graph, without softmax or sigmoid at its end.

    Args:
        graph: constants folded.
        size: height and width of images, where the file leaves them open.
        temperature: that the file divides by before probabilities, if it is known to.
        strip: whether softmax or sigmoid at the end are probabilities of a task; else they stay.

    Raises UnreadableDataError for an operator, or a wiring, that no layer has; it names the node.
    """
    graph = live(graph)
    source = source_of(graph, size)
    steps = Steps(graph, source)
    for node in graph.nodes:
        if node.operator not in OPERATORS:
            known = ", ".join(OPERATORS)
            raise refused(node, f"no layer computes this operator; there are: {known}")
        _read(steps, node)
    output = steps.values.get(graph.outputs[0].name)
    if output is None:
        raise UnreadableDataError(
            f"its output {graph.outputs[0].name!r} does not depend on its input"
        )
    if output.flat is not None or output.rows is not None:
        raise UnreadableDataError("it ends in images made flat, channels first")
    end, ending = output.name, tuple[Layer, ...]()
    if strip:
        end, ending = _without_probabilities(steps.made, output, temperature)
    try:
        network = Structure(regroup(steps.made), source.name, end).network()
        network.build(source.shape, None)
    except RecursionError:
        raise UnreadableDataError("its branches are nested too deeply") from None
    for step in steps.made:
        _load(step)
    return Read(network, source, ending)


def _read(steps: Steps, node: Node) -> None:
    """Make layers of a node. What is wrong with a node in some way that nobody has thought of, such
    as an infinite size, is refused in one line too."""
    try:
        OPERATORS[node.operator](steps, node)
    except UnreadableDataError:
        raise
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise refused(node, f"its attributes or constants cannot be used: {error}") from None


def _without_probabilities(
    made: list[Step], output: Value, temperature: float
) -> tuple[str, tuple[Layer, ...]]:
    """Drop what follows logits; name of these, and what was dropped."""
    end = output.name
    ending: list[Layer] = []
    while not output.is_image and len(made) > 1 and made[-1].output == end:
        layer = made[-1].layer
        is_last = not ending and isinstance(layer, Sigmoid | Softmax)
        cools = isinstance(layer, ScaleShift) and _divides(made[-1], temperature)
        if not (is_last or (ending and cools)) or layer is None:
            break
        ending.append(layer)
        (end,) = made.pop().inputs
    return end, tuple(ending)


def _divides(step: Step, temperature: float) -> bool:
    """Whether a layer divides by a temperature, and does nothing else."""
    gamma, beta = step.arrays["gamma"], step.arrays["beta"]
    return temperature != 1 and np.allclose(gamma * temperature, 1, rtol=1e-6) and not beta.any()


def live(graph: OnnxGraph) -> OnnxGraph:
    """The graph without nodes that lead nowhere."""
    needed = {tensor.name for tensor in graph.outputs}
    kept = []
    for node in reversed(graph.nodes):
        if needed & set(node.outputs):
            needed |= set(node.inputs)
            kept.append(node)
    return replace(graph, nodes=kept[::-1])


def source_of(graph: OnnxGraph, size: int | None) -> Value:
    """The input: features, or images with their channels in front, or behind if that is undone."""
    found = _source(graph, size)
    samples = graph.inputs[0].shape[0]
    if prod(found.shape) * (samples if isinstance(samples, int) else 1) > MAX_SAMPLE_VALUES:
        raise UnreadableDataError(
            f"its input {list(graph.inputs[0].shape)} has more than {MAX_SAMPLE_VALUES:,} values"
        )
    return found


def _source(graph: OnnxGraph, size: int | None) -> Value:
    (tensor,) = graph.inputs
    axes = tensor.shape[1:]
    if len(axes) == 1:
        return Value(tensor.name, (_known(tensor, axes[0]),))
    if len(axes) != 3:
        raise UnreadableDataError(
            f"expected an input of features, or of images; {tensor.name} has {len(axes) + 1} axes"
        )
    takers = [node for node in graph.nodes if tensor.name in node.inputs]
    is_last = bool(takers) and all(
        node.operator == "Transpose" and list(node.attributes.get("perm", ())) == [0, 3, 1, 2]
        for node in takers
    )
    channels, *pixels = (axes[2], axes[0], axes[1]) if is_last else axes
    height, width = (
        side if isinstance(side, int) and side > 0 else _size(tensor, size) for side in pixels
    )
    return Value(tensor.name, (height, width, _known(tensor, channels)), is_last)


def _known(tensor: Tensor, size: int | str | None) -> int:
    if not isinstance(size, int) or size < 1:
        raise UnreadableDataError(
            f"{tensor.name}: expected a known number of channels or features, got "
            f"{list(tensor.shape)}"
        )
    return size


def _size(tensor: Tensor, size: int | None) -> int:
    if size is None:
        raise UnreadableDataError(
            f"{tensor.name} leaves the size of images open: say it with --image-size N"
        )
    return size


def _load(step: Step) -> None:
    """Write a layer's arrays."""
    layer = step.layer
    if layer is None:
        return
    for name, values in step.arrays.items():
        target = (layer.parameters if name in layer.parameters else layer.buffers)[name]
        if target.shape != values.shape:
            raise refused(step.node, f"{name}: expected {target.shape}, got {values.shape}")
        target[...] = values

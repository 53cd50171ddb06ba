"""Figures of published networks: where their parameters and multiply-adds are."""

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from docs.generator.figures.drawing import BLUE, ORANGE, new_figure
from src.classic_cnn.architectures.catalogue import ARCHITECTURES, create_network
from src.classic_nn.layers import TraceNode
from src.classic_nn.layers.trace import trace_network

MEGA = 1e6


def stages(name: str) -> Callable[[], Figure]:
    """Bars of a network's stages, as its trace counts them."""

    def draw() -> Figure:
        nodes = _traced(name)
        work: dict[str, tuple[float, float]] = {}
        shapes = {node.path: node.shape for node in nodes}
        for node in nodes:
            parameters, products = _sizes(node, shapes)
            if parameters or products:
                stage = node.path.split(".")[0]
                before = work.get(stage, (0.0, 0.0))
                work[stage] = (before[0] + parameters, before[1] + products)
        parameters, products = np.array(list(work.values())).T
        figure, (left, right) = new_figure(7.6, 0.9 + 0.2 * len(work), 2, sharey=True)
        left.barh(list(work), parameters / MEGA, color=BLUE)
        right.barh(list(work), products / MEGA, color=ORANGE)
        left.invert_yaxis()
        total = f"{parameters.sum() / MEGA:.1f} million parameters"
        left.set(title=total, xlabel="parameters, millions", ylabel="stage")
        right.set(title=f"{products.sum() / MEGA:,.0f} million multiply-adds a photo")
        right.set(xlabel="multiply-adds, millions")
        return figure

    return draw


def catalogue() -> Figure:
    """All architectures by size and work."""
    found: dict[str, tuple[float, float]] = {}
    for name in ARCHITECTURES:
        nodes = _traced(name)
        shapes = {node.path: node.shape for node in nodes}
        parameters, products = np.array([_sizes(node, shapes) for node in nodes]).sum(axis=0)
        found[name] = parameters / MEGA, products / MEGA
    names = sorted(found, key=lambda name: found[name])
    figure, (left, right) = new_figure(7.6, 0.9 + 0.2 * len(names), 2, sharey=True)
    left.plot([found[name][0] for name in names], names, "o", color=BLUE)
    right.plot([found[name][1] for name in names], names, "o", color=ORANGE)
    left.invert_yaxis()
    left.grid(alpha=0.3), right.grid(alpha=0.3)
    left.set(xlabel="parameters, millions", xscale="log")
    right.set(xlabel="multiply-adds a photo, millions", xscale="log")
    return figure


def _traced(name: str) -> list[TraceNode]:
    """The trace of a network of the catalogue for a thousand classes, without drawn weights."""
    network = create_network(name, 1000)
    pixels = ARCHITECTURES[name].pixels
    network.build((pixels, pixels, 3), None)
    return trace_network(network)


def _sizes(node: TraceNode, shapes: dict[str, tuple[int, ...]]) -> tuple[int, int]:
    """Parameters and multiply-adds of one operation."""
    if node.layer is None or not node.inputs:
        return 0, 0
    parameters = sum(array.size for array in node.layer.parameters.values())
    return parameters, node.layer.multiply_adds(shapes[node.inputs[0]])

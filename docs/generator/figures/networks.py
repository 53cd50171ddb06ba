"""Figures of networks: their wiring as they describe it, and what layers of channels do."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from docs.generator.figures.drawing import BLUE, GRAY, ORANGE, Array, new_figure, show_image
from docs.generator.figures.samples import photo
from src import classic_cnn as cnn
from src import classic_nn as nn
from src.classic_nn.layers import Layer
from src.classic_nn.layers.trace import trace_network

BOX = {"boxstyle": "round,pad=0.35", "facecolor": "#e8f0f7", "edgecolor": BLUE}
JOIN = {"boxstyle": "round,pad=0.35", "facecolor": "#fbeadd", "edgecolor": ORANGE}


def wiring(network: Layer, *shape: int) -> Figure:
    """The nodes of ``Layer.trace`` and their connections, from left to right."""
    network.build(shape, np.random.default_rng(0), np.float64)
    nodes = trace_network(network)  # type: ignore[arg-type]
    column: dict[str, int] = {}
    for node in nodes:
        column[node.path] = 1 + max((column[name] for name in node.inputs), default=-1)
    rows: dict[int, list[str]] = {}
    for path, steps in column.items():
        rows.setdefault(steps, []).append(path)
    places: dict[str, tuple[float, float]] = {
        path: (1.9 * x, 0.9 * (len(paths) - 1) / 2 - 0.9 * k)
        for x, paths in rows.items()
        for k, path in enumerate(paths)
    }
    passing = any(column[n.path] - column[name] > 1 for n in nodes for name in n.inputs)
    height = 0.6 + 0.75 * max(map(len, rows.values())) + 0.6 * passing
    figure, axes = new_figure(min(1.35 * len(rows), 9), height)
    for node in nodes:
        for name in node.inputs:
            _arrow(axes, places[name], places[node.path], column[node.path] - column[name])
    for node in nodes:
        text = f"{node.operation}\n{node.shape}"
        box = BOX if node.layer is not None or not node.inputs else JOIN
        axes.text(*places[node.path], text, ha="center", va="center", fontsize=7.5, bbox=box)
    x, y = np.array(list(places.values())).T
    axes.set(xlim=(x.min() - 1, x.max() + 1), ylim=(y.min() - 0.7, y.max() + 0.7 + 1.2 * passing))
    axes.axis("off")
    return figure


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], columns: int) -> None:
    """Bent where it passes other nodes."""
    bend = 0.0 if columns == 1 else -min(0.35, 0.9 / columns)
    style = {"arrowstyle": "-|>", "color": GRAY, "shrinkA": 24, "shrinkB": 24}
    axes.annotate("", end, start, arrowprops={**style, "connectionstyle": f"arc3,rad={bend}"})


def sequential() -> Figure:
    """A stack."""
    return wiring(nn.Sequential([nn.Dense(5), nn.BatchNorm(), nn.ReLU(), nn.Dense(3)]), 4)


def residual() -> Figure:
    """A block and its shortcut."""
    body = nn.Sequential([cnn.Conv2D(8, 3, padding="same"), nn.BatchNorm(), nn.ReLU()])
    return wiring(nn.Sequential([nn.Residual(body), nn.ReLU()]), 8, 8, 8)


def parallel() -> Figure:
    """Branches side by side."""
    branches = [
        cnn.Conv2D(4, 1),
        nn.Sequential([cnn.Conv2D(4, 1), cnn.Conv2D(6, 3, padding="same")]),
    ]
    return wiring(nn.Sequential([nn.Parallel(branches), nn.ReLU()]), 8, 8, 3)


def graph() -> Figure:
    """A network that is no chain."""
    layers = [nn.Dense(4), nn.Tanh(), nn.Dense(4), nn.Join("Add"), nn.Dense(2)]
    return wiring(nn.Graph(layers, [[-1], [0], [1], [0, 2], [3]]), 4)


def squeeze_excitation() -> Figure:
    """How each channel comes by its factor."""
    excitation = nn.Sequential([nn.Dense(2), nn.ReLU(), nn.Dense(8), nn.Sigmoid()])
    return wiring(nn.Sequential([nn.SqueezeExcitation(excitation)]), 6, 6, 8)


def before_and_after(x: Array, after: Mapping[str, Array]) -> Figure:
    """A photo, and what layers make of it."""
    figure, axes = new_figure(1.9 * (1 + len(after)), 2.1, 1 + len(after))
    for axis, (title, image) in zip(axes, {"x": x, **after}.items(), strict=True):
        show_image(axis, np.clip(image, 0, 1), title)
    return figure


def applied(layer: Layer, x: Array) -> Array:
    """y of one sample, by a layer that is built for it."""
    layer.build(x.shape, np.random.default_rng(0), np.float64)
    y, _ = layer.forward(x[np.newaxis])
    return np.asarray(y[0])


def per_channel() -> Figure:
    """A factor and a number to add for each channel; a slope below zero for each."""
    x = photo(48)
    scale, slope = nn.ScaleShift(), nn.PReLU()
    applied(scale, x)
    scale.parameters["gamma"][...] = [1.3, 0.8, 0.4]
    scale.parameters["beta"][...] = [0.0, 0.1, 0.2]
    scaled, _ = scale.forward(x[np.newaxis])
    applied(slope, x)
    slope.parameters["slope"][...] = [1.0, 0.0, -1.0]
    bent, _ = slope.forward(x[np.newaxis] - 0.5)
    return before_and_after(
        x,
        {
            "ScaleShift": scaled[0],
            "PReLU of x - ½, plus ½": bent[0] + 0.5,
        },
    )


def channels() -> Figure:
    """Which channel goes where."""
    colors = np.tile(np.linspace(0, 1, 12), (2, 1))[np.newaxis]
    shuffle, cut = nn.ShuffleChannels(3), nn.SliceChannels(3, 8)
    rows = {"x": colors[0], "ShuffleChannels(3)": applied(shuffle, colors[0])}
    rows["SliceChannels(3, 8)"] = applied(cut, colors[0])
    figure = Figure(figsize=(6.4, 2.2), layout="constrained")
    for axis, (title, values) in zip(figure.subplots(3, 1), rows.items(), strict=True):
        width = np.full((1, 12), np.nan)
        width[0, : values.shape[1]] = values[0]
        show_image(axis, width, title, cmap="viridis", vmin=0, vmax=1)
        for place, value in enumerate(values[0]):
            color = "white" if value < 0.6 else "black"
            axis.text(place, 0, f"{value * 11:.0f}", ha="center", va="center", color=color)
    return figure


def instance_norm() -> Figure:
    """Brightness and contrast of a photo no longer matter."""
    x = photo(48)
    dark = 0.25 * x + 0.05
    figure, axes = new_figure(7.4, 2.1, 4)
    shown = {"a photo": x, "its y": applied(nn.InstanceNorm(), x) / 5 + 0.5}
    shown |= {"a dark one": dark, "its y is the same": applied(nn.InstanceNorm(), dark) / 5 + 0.5}
    for axis, (title, image) in zip(axes, shown.items(), strict=True):
        show_image(axis, np.clip(image, 0, 1), title)
    return figure


def local_response() -> Figure:
    """A strong channel holds its neighbours down."""
    x = np.full((1, 1, 15), 1.0)
    x[0, 0, 7] = 6.0
    y = applied(nn.LocalResponseNorm(5, alpha=0.5, beta=0.75), x)
    figure, axes = new_figure(5.6, 2.3)
    axes.bar(np.arange(15) - 0.2, x[0, 0], width=0.4, color=GRAY, label="x")
    axes.bar(np.arange(15) + 0.2, y[0, 0], width=0.4, color=BLUE, label="y, windows of 5 channels")
    axes.set(xlabel="channel", ylabel="value")
    axes.legend()
    return figure

"""Figures of convolution, pooling and their kin, on a digit and a photo."""

import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from docs.generator.figures.drawing import (
    BLUE,
    GRAY,
    ORANGE,
    Array,
    animate,
    new_figure,
    show_image,
    show_matrix,
)
from docs.generator.figures.networks import applied
from docs.generator.figures.samples import digit, digit_reader, photo
from src import classic_cnn as cnn
from src import classic_nn as nn
from src.classic_cnn import fold_batch_norm
from src.classic_cnn.forward import conv_forward
from src.classic_cnn.layers import Resize2D, ZeroPad2D
from src.classic_cnn.pooling.forward import average_pool_forward, max_pool_forward
from src.classic_cnn.resizing import interpolation_matrix
from src.classic_nn.layers.trace import trace_network


def convolution() -> FuncAnimation:
    """The window slides, and each place of y is the sum of nine products."""
    x = digit(3)
    w = np.array([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])  # Sobel: edges from left to right
    y, _ = conv_forward(x[np.newaxis, :, :, np.newaxis], w[:, :, np.newaxis, np.newaxis])
    figure, axes = new_figure(8.6, 2.7, 4, width_ratios=[8, 3, 3, 6])

    def show(frame: int) -> None:
        p, q = divmod(frame, 6)
        window = x[p : p + 3, q : q + 3]
        for axis in axes:
            axis.clear()
        show_image(axes[0], x, "x (8, 8)", cmap="gray_r")
        _mark(axes[0], q, p, 3)
        show_matrix(axes[1], w, "kernel w", digits=0, limit=2)
        show_matrix(axes[2], window * w, "products", digits=1, limit=2)
        so_far = np.full((6, 6), np.nan)
        so_far.ravel()[: frame + 1] = y[0, :, :, 0].ravel()[: frame + 1]
        show_image(axes[3], so_far, "y (6, 6)", cmap="RdBu_r", vmin=-4, vmax=4)
        axes[3].set_xlabel(f"sum {np.sum(window * w):.2f}; conv_forward: {y[0, p, q, 0]:.2f}")
        _mark(axes[3], q, p, 1)

    return animate(figure, show, 36, interval=300)


def _mark(axes: Axes, left: float, top: float, size: float, color: str = ORANGE) -> None:
    place = (left - 0.5, top - 0.5)
    axes.add_patch(Rectangle(place, size, size, fill=False, color=color, linewidth=2))


def depthwise() -> Figure:
    """A kernel for each channel, and no sum over channels."""
    x = photo(64)
    layer = cnn.Conv2D(3, 3, padding="same", groups=3, bias=False)
    applied(layer, x)
    layer.parameters["W"][...] = 0
    kernels: dict[str, Array] = {
        "red: edges from left to right": np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]]),
        "green: edges from top to bottom": np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]]),
        "blue: the mean of 9": np.full((3, 3), 1 / 9),
    }
    for channel, kernel in enumerate(kernels.values()):
        layer.parameters["W"][:, :, 0, channel] = kernel
    y, _ = layer.forward(x[np.newaxis])
    figure, axes = new_figure(8, 2.3, 4)
    show_image(axes[0], x, "x, three channels")
    for channel, title in enumerate(kernels):
        show_image(axes[channel + 1], y[0, :, :, channel], title)
        axes[channel + 1].title.set_fontsize(8)
    return figure


def pooling() -> FuncAnimation:
    """Windows of 2 x 2: their largest value, and their mean."""
    x = (digit(5) * 9).round()
    image = x[np.newaxis, :, :, np.newaxis]
    largest, _ = max_pool_forward(image, 2)
    mean, _ = average_pool_forward(image, 2)
    figure, axes = new_figure(7.8, 2.9, 3, width_ratios=[8, 4, 4])

    def show(frame: int) -> None:
        p, q = divmod(frame, 4)
        for axis in axes:
            axis.clear()
        _numbers(axes[0], x, "x (8, 8)", 0)
        _mark(axes[0], 2 * q, 2 * p, 2)
        window = x[2 * p : 2 * p + 2, 2 * q : 2 * q + 2]
        row, column = np.unravel_index(window.argmax(), (2, 2))  # the first, as in the library
        _mark(axes[0], 2 * q + float(column), 2 * p + float(row), 1, BLUE)
        for axis, pooled, title in ((axes[1], largest, "maximum"), (axes[2], mean, "mean")):
            so_far = np.full((4, 4), np.nan)
            so_far.ravel()[: frame + 1] = pooled[0, :, :, 0].ravel()[: frame + 1]
            _numbers(axis, so_far, title, 0 if title == "maximum" else 1)
            _mark(axis, q, p, 1)

    return animate(figure, show, 16, interval=500)


def _numbers(axes: Axes, values: Array, title: str, digits: int) -> None:
    show_image(axes, values, title, cmap="Greys", vmin=0, vmax=9)
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            color = "white" if value > 5 else "black"
            text = f"{value:.{digits}f}"
            axes.text(column, row, text, ha="center", va="center", color=color, fontsize=7)


def zero_padding() -> Figure:
    """A frame of zeros."""
    x = photo(24)
    figure, (left, right) = new_figure(4.6, 2.3, 2)
    show_image(left, x, "x (24, 24, 3)")
    show_image(right, applied(ZeroPad2D(((1, 3), (2, 6))), x), "y (28, 32, 3)")
    return figure


def resizing() -> Figure:
    """A photo made larger both ways, and the matrix that does it along one axis."""
    x = photo(12)
    figure, axes = new_figure(8.4, 2.4, 4)
    show_image(axes[0], x, "x (12, 12, 3)")
    show_image(axes[1], applied(Resize2D((40, 40), "nearest"), x), "nearest")
    show_image(axes[2], applied(Resize2D((40, 40)), x), "linear")
    show_image(axes[3], interpolation_matrix(12, 40, np.float64), "A (40, 12)", cmap="Blues")
    axes[3].set_aspect("auto")
    return figure


def folding() -> Figure:
    """The same answers with fewer layers."""
    rng = np.random.default_rng(0)
    layers: list[nn.Layer] = []
    for _ in range(3):
        layers += [cnn.Conv2D(8, 3, padding="same", bias=False), nn.BatchNorm(), nn.ReLU()]
    network = nn.Sequential([*layers, cnn.GlobalAveragePool(), nn.Dense(5)])
    network.build((16, 16, 3), rng, np.float64)
    x = rng.normal(size=(64, 16, 16, 3))
    network.forward(x, nn.Context(training=True, rng=rng))  # running statistics of these
    folded = fold_batch_norm.fold_batch_norm(network)
    before, _ = network.forward(x)
    after, _ = folded.forward(x)
    figure, (left, right) = new_figure(7, 2.7, 2)
    counts = [len(trace_network(network)) - 1, len(trace_network(folded)) - 1]
    left.bar(["as trained", "folded"], counts, color=[GRAY, BLUE])
    left.set(title="operations", ylabel="number")
    right.plot(before.ravel(), after.ravel(), ".", color=BLUE, markersize=3)
    difference = np.abs(before - after).max()
    right.set(title=f"outputs differ by {difference:.0e} at most", xlabel="as trained")
    right.set_ylabel("folded")
    return figure


def maps_of_a_digit() -> Figure:
    """What a trained convolution makes of a digit."""
    network, images, labels = digit_reader()
    x = images[labels == 3][:1]
    y, _ = network[:2].forward(x)
    figure, axes = new_figure(8, 1.4, 9)
    show_image(axes[0], x[0, :, :, 0], "x", cmap="gray_r")
    for channel, axis in enumerate(axes[1:]):
        show_image(axis, y[0, :, :, channel], f"map {channel}", cmap="Blues")
    return figure

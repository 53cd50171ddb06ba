"""Figures of the operations of dense networks."""

import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from docs.generator.figures.drawing import (
    BLUE,
    ORANGE,
    Array,
    animate,
    new_figure,
    show_image,
    show_matrix,
)
from docs.generator.figures.samples import digit, photo
from src import classic_nn as nn
from src.classic_nn import math
from src.classic_nn.batch_norm.forward import batch_norm_forward, batch_norm_forward_by_steps
from src.classic_nn.classic_model import (
    custom_model_backward,
    custom_model_forward,
    initialize_parameters_deep,
    update_parameters,
)
from src.classic_nn.context import Context
from src.classic_nn.layers.dense import linear_forward
from src.classic_nn.layers.dropout import dropout_forward
from src.classic_nn.loss import binary_cross_entropy, binary_cross_entropy_backward


def classic_model() -> FuncAnimation:
    """How the answer of a network with one hidden layer moves while it learns."""
    rng = np.random.default_rng(3)
    angle = rng.uniform(0, 2 * np.pi, 160)
    y = (np.arange(160) % 2).astype(float)
    X = (0.5 + y[:, np.newaxis]) * np.stack([np.cos(angle), np.sin(angle)], 1)
    X += rng.normal(scale=0.12, size=X.shape)
    parameters = initialize_parameters_deep([2, 12, 1], rng=rng, dtype=np.float64)
    plane = np.stack(np.meshgrid(np.linspace(-2, 2, 60), np.linspace(-2, 2, 60)), -1)
    figure, axes = new_figure(4.2, 3.6)

    def show(frame: int) -> None:
        nonlocal parameters
        for _ in range(12 if frame else 0):
            logits, caches = custom_model_forward(X, parameters)
            _, cache = binary_cross_entropy(logits, y[:, np.newaxis])
            gradients = custom_model_backward(binary_cross_entropy_backward(cache), caches)
            parameters = update_parameters(parameters, gradients, learning_rate=0.6)
        logits, _ = custom_model_forward(X, parameters)
        loss, _ = binary_cross_entropy(logits, y[:, np.newaxis])
        answers = math.sigmoid(custom_model_forward(plane.reshape(-1, 2), parameters)[0])
        axes.clear()
        axes.contourf(
            *np.moveaxis(plane, -1, 0),
            answers.reshape(plane.shape[:2]),
            levels=np.linspace(0, 1, 11),
            cmap="RdBu_r",
            alpha=0.7,
        )
        axes.scatter(*X.T, s=8, c=y, cmap="RdBu_r", edgecolors="black", linewidths=0.3)
        axes.set(title=f"step {12 * frame}: loss {loss:.3f}", xlabel="$x_1$", ylabel="$x_2$")

    return animate(figure, show, 24)


def dense() -> Figure:
    """z = a W + b with its numbers."""
    rng = np.random.default_rng(1)
    a, W, b = rng.normal(size=(3, 4)), rng.normal(size=(4, 2)), rng.normal(size=2)
    z, _ = linear_forward(a, W, b)
    figure, axes = new_figure(7.4, 2.4, 4, width_ratios=[4, 2, 2, 2])
    parts = {"a (3 samples, 4 features)": a, "W (4, 2)": W, "b (2,)": b[np.newaxis], "z (3, 2)": z}
    for axis, (title, values) in zip(axes, parts.items(), strict=True):
        show_matrix(axis, values, title, limit=3)
    return figure


def activations() -> Figure:
    """All activation functions and their derivatives."""
    names = ["sigmoid", "tanh", "relu", "leaky_relu", "silu", "relu6", "hard_swish"]
    z = np.linspace(-7, 7, 281) + 1e-6
    figure = Figure(figsize=(7.6, 3.6), layout="constrained")
    for axis, name in zip(figure.subplots(2, 4).flat, names, strict=False):
        y = getattr(math, name)(z)
        of_output = name in ("sigmoid", "tanh", "relu", "relu6")
        slope = getattr(math, f"{name}_backward")(np.ones_like(z), y if of_output else z)
        axis.plot(z, y, color=BLUE, label="y")
        axis.plot(z, slope, color=ORANGE, linestyle="--", label="dy/dz")
        axis.set(title=name, ylim=(max(-1.2, y.min() - 0.3), min(6.5, y.max() + 0.3)), xlabel="z")
    last = figure.axes[-1]
    last.axis("off")
    last.legend(*figure.axes[0].get_legend_handles_labels(), loc="center")
    return figure


def softmax() -> FuncAnimation:
    """Logits to probabilities, while one logit grows."""
    z = np.array([1.0, 0.5, -0.5, 2.0, -2.0])
    figure, (left, right) = new_figure(6.4, 2.8, 2)

    def show(frame: int) -> None:
        z[2] = -3 + 0.3 * frame
        p = math.softmax(z[np.newaxis])[0]
        left.clear(), right.clear()
        colors = [BLUE, BLUE, ORANGE, BLUE, BLUE]
        left.bar(range(5), z, color=colors)
        right.bar(range(5), p, color=colors)
        for place, value in enumerate(p):
            right.text(place, value + 0.02, f"{value:.2f}", ha="center", fontsize=8)
        left.set(title=f"logits; the third is {z[2]:.1f}", ylim=(-3.2, 6), xlabel="class")
        right.set(title="softmax: they add up to 1", ylim=(0, 1.1), xlabel="class")

    return animate(figure, show, 28)


def batch_norm() -> FuncAnimation:
    """A mini-batch of two features through the numbered steps."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(120, 2)) @ np.array([[1.6, 0.5], [0.0, 0.5]]) + [2.5, -1.5]
    gamma, beta = np.array([1.3, 0.6]), np.array([0.5, 0.4])
    y = batch_norm_forward_by_steps(x, gamma, beta)
    _, _, mean, variance = batch_norm_forward(x, gamma, beta)
    centered = x - mean
    stages = [x, centered, centered / np.sqrt(variance + 1e-5), y]
    titles = [
        f"x: mean ({mean[0]:.1f}, {mean[1]:.1f})",
        "1., 2. center: x - mean",
        "3. to 5. divide by the standard deviation",
        "6. scale by gamma, shift by beta",
    ]
    figure, axes = new_figure(4.6, 3.4)

    def show(frame: int) -> None:
        stage, part = divmod(frame, 8)
        before, after = stages[stage], stages[min(stage + 1, 3)]
        points = before + (after - before) * min(part / 5, 1)
        axes.clear()
        axes.axhline(0, color="lightgray"), axes.axvline(0, color="lightgray")
        axes.add_patch(Circle((0, 0), 1, fill=False, color="gray", linestyle=":"))
        axes.scatter(*points.T, s=9, color=BLUE)
        axes.plot(*points.mean(axis=0), "P", color=ORANGE, markersize=9)
        title = titles[0] if frame == 0 else titles[min(stage + 1, 3)]
        axes.set(title=title, xlim=(-4, 7), ylim=(-4, 4), aspect="equal")
        axes.set(xlabel="feature 1", ylabel="feature 2")

    return animate(figure, show, 26)


def dropout() -> FuncAnimation:
    """A digit of which each pass drops other values, and the mean of what came out."""
    x, rng = digit(4), np.random.default_rng(0)
    total = np.zeros_like(x)
    figure, axes = new_figure(6.4, 2.4, 3)

    def show(frame: int) -> None:
        nonlocal total
        if frame == 0:
            total = np.zeros_like(x)
        y, mask = dropout_forward(x, 0.4, rng.uniform(size=x.shape))
        total += y
        shown = {"x": x, f"y: {np.mean(mask == 0):.0%} dropped": y}
        shown[f"mean of {frame + 1}"] = total / (frame + 1)
        for axis, (title, image) in zip(axes, shown.items(), strict=True):
            axis.clear()
            show_image(axis, image, title, cmap="gray_r", vmin=0, vmax=1.7)

    return animate(figure, show, 24)


def dropout_of_parts() -> Figure:
    """Channels of a photo and samples of a mini-batch, dropped as a whole."""
    x = np.stack([photo(32)] * 4)
    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    axes = figure.subplots(2, 4)
    kinds = {"SpatialDropout": nn.SpatialDropout(0.4), "StochasticDepth": nn.StochasticDepth(0.4)}
    for row, (name, layer) in zip(axes, kinds.items(), strict=True):
        layer.build(x.shape[1:], None, np.float64)
        y, _ = layer.forward(x, Context(training=True, rng=np.random.default_rng(3)))
        for axis, image in zip(row, y, strict=True):
            show_image(axis, np.clip(image * 0.6, 0, 1), "")
        row[0].set_ylabel(name)
    return figure


def flatten() -> Figure:
    """An image as a row of numbers."""
    x = digit(2)[np.newaxis, :, :, np.newaxis]
    layer = nn.Flatten()
    layer.build(x.shape[1:], None, np.float64)
    y, _ = layer.forward(x)
    figure, (left, right) = new_figure(7.4, 1.7, 2, width_ratios=[1, 4])
    show_image(left, x[0, :, :, 0], "x (1, 8, 8, 1)", cmap="gray_r")
    show_image(right, y, "y (1, 64): row after row", cmap="gray_r", aspect=4)
    return figure


def layer_identity() -> Figure:
    """A layer that does nothing passes x on, and dy back."""
    x: Array = np.array([[1.0, -2.0, 0.5]])
    layer = nn.Layer()
    layer.build((3,), None, np.float64)
    y, cache = layer.forward(x)
    dx, _ = layer.backward(-y, cache)
    assert dx is not None
    figure, axes = new_figure(6, 1.1, 4)
    parts = {"x": x, "y = x": y, "dy": -y, "dx = dy": dx}
    for axis, (title, values) in zip(axes, parts.items(), strict=True):
        show_matrix(axis, values, title, limit=3)
    return figure

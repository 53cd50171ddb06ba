"""Figures of losses, and of what goes with learning: first weights, clipping, checks."""

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from docs.generator.figures.drawing import GRAY, ORANGE, Array, new_figure
from src import classic_nn as nn
from src.classic_nn.gradient_check import check_function
from src.classic_nn.initializers import initialize_weights
from src.classic_nn.loss import Loss
from src.classic_nn.math import relu
from src.classic_nn.optimizers.clipping import clip_by_norm, clip_by_value
from src.classic_nn.parameters import ParameterVector
from src.classic_nn.regularization import L2


def loss_curves(make: Callable[[], dict[str, tuple[Loss, Array]]]) -> Callable[[], Figure]:
    """Losses of one logit, and their gradients: those of the library at each place."""

    def draw() -> Figure:
        z = np.linspace(-5, 5, 201)
        figure, (left, right) = new_figure(7.4, 2.8, 2)
        for label, (loss, y) in make().items():
            outputs = y.shape[1] if y.ndim == 2 else int(y.max()) + 2
            values, slopes = [], []
            for value in z:
                logits = np.zeros((1, outputs))
                logits[0, 0] = value
                cost, cache = loss.forward(logits, y)
                values.append(cost)
                slopes.append(loss.backward(cache)[0, 0])
            left.plot(z, values, label=label)
            right.plot(z, slopes, label=label)
        left.set(title="loss", xlabel="logit z", ylabel="loss")
        right.set(title="gradient", xlabel="logit z", ylabel="dz")
        left.legend(fontsize=7)
        return figure

    return draw


def binary() -> dict[str, tuple[Loss, Array]]:
    """One label: true, false, and true where a missed label costs three times as much."""
    loss = nn.BinaryCrossEntropy()
    return {
        "y = 1": (loss, np.array([[1.0]])),
        "y = 0": (loss, np.array([[0.0]])),
        "y = 1, pos_weight 3": (nn.BinaryCrossEntropy(pos_weight=3), np.array([[1.0]])),
    }


def softmax() -> dict[str, tuple[Loss, Array]]:
    """The logit of the right class, of a wrong one, and with smoothed labels."""
    loss = nn.SoftmaxCrossEntropy()
    smooth = nn.SoftmaxCrossEntropy(label_smoothing=0.1)
    right, wrong = np.array([[1.0, 0, 0]]), np.array([[0.0, 1, 0]])
    return {
        "the right class": (loss, right),
        "a wrong class": (loss, wrong),
        "the right class, smoothing 0.1": (smooth, right),
    }


def squared() -> dict[str, tuple[Loss, Array]]:
    """Two targets."""
    loss = nn.MeanSquaredError()
    return {f"y = {y}": (loss, np.array([[float(y)]])) for y in (0, 2)}


def initialization() -> Figure:
    """How large values are after ten layers of ReLU, by the size of the weights."""
    rng = np.random.default_rng(0)
    figure, axes = new_figure(6, 2.9)
    for name, factor in (("he", 1.0), ("he", 0.7), ("he", 1.4), ("xavier", 1.0)):
        a: Array = rng.normal(size=(200, 256))
        sizes = [1.0]
        for _ in range(10):
            a = relu(a @ (factor * initialize_weights((256, 256), name, rng, np.float64)))
            sizes.append(float(np.sqrt(np.mean(a**2))))
        label = name if factor == 1 else f"{factor} times {name}"
        axes.semilogy(sizes, ".-", label=label)
    axes.set(xlabel="layer", ylabel="root of the mean square")
    axes.legend(fontsize=7)
    return figure


def clipping() -> Figure:
    """Gradients before and after."""
    rng = np.random.default_rng(2)
    gradients = rng.normal(scale=1.6, size=(14, 2))
    figure, axes = new_figure(6.4, 3, 2, sharex=True, sharey=True)
    kinds = {"clip_by_norm(g, 1.5)": clip_by_norm, "clip_by_value(g, 1.5)": clip_by_value}
    for axis, (title, clip) in zip(axes, kinds.items(), strict=True):
        for gradient in gradients:
            after = gradient.copy()
            clip(after, 1.5)
            axis.plot(*np.stack([0 * gradient, gradient]).T, color="lightgray")
            axis.plot(*np.stack([0 * after, after]).T, color=ORANGE)
            axis.plot(*after, "o", color=ORANGE, markersize=3)
        axis.set(title=title, xlabel="$g_1$", aspect="equal")
    axes[0].set_ylabel("$g_2$")
    return figure


def regularization() -> Figure:
    """A line through a few points of a curve, with more and more of the penalty."""
    rng = np.random.default_rng(1)
    x = np.linspace(-1, 1, 10)
    y = np.sin(2.5 * x) + rng.normal(scale=0.2, size=10)
    features = np.stack([np.cos(k * np.arccos(np.linspace(-1, 1, 200))) for k in range(1, 10)], 1)
    seen = np.stack([np.cos(k * np.arccos(x)) for k in range(1, 10)], 1)
    figure, (left, right) = new_figure(7.4, 2.8, 2)
    left.plot(x, y, "ko", markersize=4)
    for strength in (0.0, 0.05, 0.5):
        parameters = ParameterVector.pack({"W1": np.zeros((9, 1))}, np.float64)
        regularizer, loss = L2(strength), nn.MeanSquaredError()
        gradients = parameters.zeros_like()
        for _ in range(3000):
            _, cache = loss.forward(seen @ parameters["W1"], y[:, np.newaxis])
            gradients["W1"] = seen.T @ loss.backward(cache)
            regularizer.add_gradients(parameters, gradients)
            parameters["W1"] = parameters["W1"] - 0.2 * gradients["W1"]
        label = f"strength {strength}"
        left.plot(np.linspace(-1, 1, 200), features @ parameters["W1"], label=label)
        right.bar(label, float(np.linalg.norm(parameters["W1"])))
    left.set(title="sums of nine polynomials, ten points", xlabel="x", ylabel="y")
    left.set_ylim(-1.6, 1.6)
    right.set(title="size of their weights", ylabel="norm")
    return figure


def gradient_checks() -> Figure:
    """The error of finite differences by their step, of a right gradient and a wrong one."""
    rng = np.random.default_rng(0)
    x, dy = rng.normal(size=8), rng.normal(size=8)
    exact = dy * (1 - np.tanh(x) ** 2)
    wrong = dy * (1 - np.tanh(x))
    steps = np.logspace(-11, -1, 41)
    errors: dict[str, list[float]] = {"right backward": [], "wrong backward": []}
    for h in steps:
        slopes = dy * (np.tanh(x + h) - np.tanh(x - h)) / (2 * h)
        errors["right backward"].append(float(np.abs(slopes - exact).max()))
        errors["wrong backward"].append(float(np.abs(slopes - wrong).max()))
    report = check_function(
        lambda x: (np.tanh(x), np.tanh(x)), lambda dy, y: dy * (1 - y**2), {"x": x}, rng
    )
    figure, axes = new_figure(6, 2.9)
    for label, values in errors.items():
        axes.loglog(steps, values, ".-", markersize=3, label=label)
    axes.axvline(1e-5, color=GRAY, linestyle=":", label="h of the check")
    axes.axhline(1e-6, color=GRAY, linestyle="--", label="what passes")
    passed = "passes" if report.passed else "fails"
    axes.set(xlabel="h", ylabel="largest difference", title=f"tanh {passed} its check")
    axes.legend(fontsize=7)
    return figure

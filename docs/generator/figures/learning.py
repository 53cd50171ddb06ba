"""Figures of losses, optimizers, schedules and what goes with them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.figure import Figure

from docs.generator.figures.drawing import BLUE, GRAY, ORANGE, Array, animate, new_figure
from src import classic_nn as nn
from src.classic_nn.gradient_check import check_function
from src.classic_nn.initializers import initialize_weights
from src.classic_nn.loss import Loss
from src.classic_nn.math import relu
from src.classic_nn.optimizers import create_optimizer
from src.classic_nn.optimizers.clipping import clip_by_norm, clip_by_value
from src.classic_nn.parameters import ParameterVector
from src.classic_nn.regularization import L2
from src.classic_nn.schedules import Schedule, create_schedule

ANGLE = np.deg2rad(20)
TURN = np.array([[np.cos(ANGLE), -np.sin(ANGLE)], [np.sin(ANGLE), np.cos(ANGLE)]])
HESSIAN = TURN @ np.diag([1.0, 40.0]) @ TURN.T
START = TURN @ np.array([-4.0, 1.0])
GRID = np.stack(np.meshgrid(np.linspace(-4.6, 2, 120), np.linspace(-2.4, 1.8, 90)), axis=-1)
RATES = {
    "sgd": 0.045,
    "momentum": 0.15,
    "nesterov": 0.15,
    "rms_prop": 0.15,
    "adam": 0.4,
    "radam": 0.045,
}
"""Learning rates with which each goes down the valley (notebook 3 looks for the best).

RAdam's is small because its first five steps are plain momentum, whose limit is 2 / 40.
"""


def valley(theta: Array) -> Array:
    """The loss at theta (..., 2): 40 times as curved across as along."""
    return np.asarray(0.5 * np.einsum("...i,ij,...j->...", theta, HESSIAN, theta))


def path(name: str, steps: int, schedule: Schedule | None = None, noise: float = 0.0) -> Array:
    """Where an optimizer of the library is after each step, (steps + 1, 2)."""
    optimizer = create_optimizer(name, learning_rate=RATES[name])
    parameters = ParameterVector.pack({"theta": START}, dtype=np.float64)
    gradients = parameters.zeros_like()
    rng = np.random.default_rng(0)
    places = [START]
    for step in range(steps):
        if schedule is not None:
            optimizer.learning_rate = schedule(step)
        gradients["theta"] = HESSIAN @ parameters["theta"] + noise * rng.normal(size=2)
        optimizer.step(parameters, gradients)
        places.append(parameters["theta"].copy())
        if schedule is not None:
            schedule.observe(float(valley(parameters["theta"])))
    return np.array(places)


def on_the_valley(name: str) -> Callable[[], FuncAnimation]:
    """An optimizer's way down, next to that of plain gradient descent."""

    def draw() -> FuncAnimation:
        steps = 40
        ways = {"sgd": path("sgd", steps), name: path(name, steps)}
        figure, (left, right) = new_figure(8.2, 3.2, 2, width_ratios=[3, 2])
        levels = np.logspace(-1, 2.2, 11)
        left.contour(
            *np.moveaxis(GRID, -1, 0), valley(GRID), levels=levels, colors=GRAY, linewidths=0.5
        )
        left.plot(0, 0, "k*")
        left.set(xlabel=r"$\theta_1$", ylabel=r"$\theta_2$", title="step 0")
        lines = {}
        for way, color in zip(ways, (GRAY, ORANGE), strict=False):
            style = {"color": ORANGE if way == name else color, "linewidth": 1, "markersize": 4}
            lines[way] = left.plot([], [], ".-", **style)[0], right.semilogy([], **style)[0]
            lines[way][1].set_label(way)
        arrow = left.quiver(*START, 0, 0, color=BLUE, angles="xy", scale_units="xy", scale=1)
        right.set(title="loss", xlabel="step", xlim=(0, steps), ylim=(1e-5, 60))
        right.legend(loc="lower left")

        def show(frame: int) -> None:
            now = frame if frame <= 10 else 2 * frame - 10  # the first steps differ most
            for way, (on_valley, of_loss) in lines.items():
                on_valley.set_data(*ways[way][: now + 1].T)
                of_loss.set_data(range(now + 1), valley(ways[way][: now + 1]))
            arrow.set_offsets(ways[name][now])
            arrow.set_UVC(*_downhill(ways[name][now]))
            left.set_title(f"step {now}")

        return animate(figure, show, 26)

    return draw


def _downhill(place: Array) -> Array:
    """The negative gradient, shortened: where plain descent would go."""
    down = -HESSIAN @ place
    length = float(np.linalg.norm(down)) or 1.0
    return np.asarray(down / length * min(0.9, 0.2 * length))


SCHEDULES: dict[str, dict[str, Any]] = {
    "standard": {"rate": 0.1},
    "exponential": {"base": 0.93},
    "step": {"factor": 0.5, "every": 10},
    "discrete": {"boundaries": (10, 25), "factors": (0.3, 0.05)},
    "cosine": {"epochs": 40, "warmup": 5},
    "plateau": {"factor": 0.5, "patience": 3},
}


def schedule(name: str) -> Callable[[], FuncAnimation]:
    """A schedule's learning rate, and what it makes of gradients with noise."""

    def draw() -> FuncAnimation:
        epochs = 40
        made = [create_schedule(name, learning_rate=0.045, **SCHEDULES[name]) for _ in range(2)]
        places = path("sgd", epochs, made[0], noise=8.0)
        constant = path("sgd", epochs, None, noise=8.0)
        rates = []
        for epoch, place in enumerate(places):
            rates.append(made[1](epoch))
            if epoch:
                made[1].observe(float(valley(place)))
        figure, (left, right) = new_figure(7.6, 2.6, 2)

        left.plot(rates, color="lightgray")
        (so_far,) = left.plot([], [], "o-", color=ORANGE, markevery=[-1])
        left.set(title=name, xlabel="epoch", ylabel="learning rate", ylim=(0, 0.05))
        (plain,) = right.semilogy([], color=GRAY, label="constant rate")
        (ours,) = right.semilogy([], color=ORANGE, label=name)
        right.set(title="loss, gradients with noise", xlabel="epoch")
        right.set(xlim=(0, epochs), ylim=(0.02, 60))
        right.legend(loc="lower left", fontsize=7)

        def show(frame: int) -> None:
            now = 2 * frame + 1
            so_far.set_data(range(now), rates[:now])
            plain.set_data(range(now), valley(constant[:now]))
            ours.set_data(range(now), valley(places[:now]))
            left.set_title(f"{name}: rate {rates[now - 1]:.4f}")

        return animate(figure, show, epochs // 2 + 1)

    return draw


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

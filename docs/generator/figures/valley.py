"""Figures of optimizers and schedules, on a long narrow valley."""

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.animation import FuncAnimation

from docs.generator.figures.drawing import BLUE, GRAY, ORANGE, Array, animate, new_figure
from src.classic_nn.optimizers import create_optimizer
from src.classic_nn.parameters import ParameterVector
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

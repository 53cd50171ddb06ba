"""Figures of explanations: why a network that has learned the digits takes a digit for a 3."""

from collections.abc import Callable
from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from docs.generator.figures.drawing import BLUE, GRAY, ORANGE, Array, new_figure, show_image
from docs.generator.figures.samples import digit_reader
from src.classic_nn.math import softmax
from src.inference.explain.attribution import Attribution
from src.inference.explain.expected_gradients import expected_gradients
from src.inference.explain.faithfulness import exchange_curve
from src.inference.explain.grad_cam import grad_cam
from src.inference.explain.gradient import gradient, gradient_times_input
from src.inference.explain.integrated_gradients import integrated_gradients
from src.inference.explain.occlusion import occlusion
from src.inference.explain.players import grid
from src.inference.explain.randomization import randomized, rank_correlation
from src.inference.explain.score import Score
from src.inference.explain.shapley import shapley
from src.inference.explain.smooth_grad import smooth_grad

DIGIT = 3


@cache
def asked() -> tuple[Score, Array]:
    """The logit of a 3, and a 3 that the network recognizes."""
    network, images, labels = digit_reader()
    answers = network.forward(images)[0].argmax(axis=1)
    x = images[(labels == DIGIT) & (answers == DIGIT)][1]
    return Score(network, np.eye(10)[DIGIT], threads=1), x


def maps(methods: dict[str, Callable[[Score, Array], Attribution]]) -> Callable[[], Figure]:
    """A digit, and what methods say of its pixels: red speaks for a 3, blue against it."""

    def draw() -> Figure:
        score, x = asked()
        figure, axes = new_figure(1.9 * (1 + len(methods)), 2.2, 1 + len(methods))
        show_image(axes[0], x[:, :, 0], "x", cmap="gray_r")
        for axis, (title, method) in zip(axes[1:], methods.items(), strict=True):
            _heat(axis, method(score, x).values, title)
        return figure

    return draw


def _heat(axes: Axes, values: Array, title: str) -> None:
    heat = values.reshape(8, 8, -1).sum(axis=2)
    limit = float(np.abs(heat).max()) or 1.0
    show_image(axes, heat, title, cmap="RdBu_r", vmin=-limit, vmax=limit)


def black(x: Array) -> Array:
    """The baseline: no ink."""
    return np.zeros_like(x)


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)


gradients = maps(
    {"gradient": gradient, "gradient x input": lambda s, x: gradient_times_input(s, x, black(x))}
)
smooth = maps({"gradient": gradient, "SmoothGrad": lambda s, x: smooth_grad(s, x, _rng(), 50)})
expected = maps(
    {"expected gradients": lambda s, x: expected_gradients(s, x, digit_reader()[1], _rng(), 300)}
)


def cam() -> Figure:
    """Grad-CAM of both convolutions, on a digit that has maps which speak for it."""
    network, images, labels = digit_reader()
    score = Score(network, np.eye(10)[DIGIT], threads=1)
    found = (grad_cam(score, x, "relu2").values for x in images[labels == DIGIT])
    place = next(k for k, values in enumerate(found) if values.max() > 0)
    x = images[labels == DIGIT][place]
    figure, axes = new_figure(5.7, 2.2, 3)
    show_image(axes[0], x[:, :, 0], "x", cmap="gray_r")
    for axis, layer in zip(axes[1:], ("relu1", "relu2"), strict=True):
        _heat(axis, grad_cam(score, x, layer).values, f"Grad-CAM of {layer}")
    return figure


hiding = maps({"occlusion, 2 x 2": lambda s, x: occlusion(s, x, black(x), 2, 1)})
shap = maps(
    {
        "16 players": lambda s, x: shapley(s, x, black(x), grid((8, 8), 4, 4), _rng(), 3000),
        "4 players": lambda s, x: shapley(s, x, black(x), grid((8, 8), 2, 2), _rng(), 3000),
    }
)


def scores() -> Figure:
    """All logits of one digit; the explained one is marked."""
    score, x = asked()
    logits = score.network.forward(x[np.newaxis])[0][0]
    figure, (left, right) = new_figure(5.6, 2.2, 2, width_ratios=[1, 2])
    show_image(left, x[:, :, 0], "x", cmap="gray_r")
    right.bar(range(10), logits, color=[ORANGE if k == DIGIT else GRAY for k in range(10)])
    right.set(title=f"f(x) = {score.of(x):.1f}", xlabel="output", ylabel="logit", xticks=range(10))
    return figure


def integral() -> Figure:
    """The answer on the way from no ink to the digit, and how well its gradients add up to it."""
    score, x = asked()
    way = np.linspace(0, 1, 60)
    values = score.values(lambda some: way[some].reshape(-1, 1, 1, 1) * x, len(way))
    figure, axes = new_figure(9, 2.5, 4, width_ratios=[1, 1, 1.6, 1.6])
    show_image(axes[0], x[:, :, 0], "x", cmap="gray_r")
    _heat(axes[1], integrated_gradients(score, x, black(x)).values, "integrated gradients")
    axes[2].plot(way, values, color=BLUE)
    axes[2].set(title="f on the way", xlabel="t, from no ink to x", ylabel="f")
    counts = [2, 4, 8, 16, 32, 64]
    for rule in ("gauss_legendre", "trapezoid"):
        gaps = []
        for count in counts:
            a = integrated_gradients(score, x, black(x), count, rule, most_steps=count)
            gaps.append(abs(a.values.sum() - values[-1] + values[0]) / abs(values[-1] - values[0]))
        axes[3].loglog(counts, gaps, ".-", label=rule)
    axes[3].set(title="missing in the sum", xlabel="steps", ylabel="fraction")
    axes[3].set_xticks(counts, [str(count) for count in counts])
    axes[3].minorticks_off()
    axes[3].legend(fontsize=7)
    return figure


def curves() -> Figure:
    """The probability while pixels are hidden, by their importance and at random."""
    score, x = asked()
    heat = integrated_gradients(score, x, black(x)).values.ravel()
    orders = {"most important first": np.argsort(-heat), "at random": _rng().permutation(64)}

    def probability(inputs: Callable[[slice], Array], count: int) -> Array:
        return np.asarray(softmax(score.logits(inputs, count))[:, DIGIT])

    figure, (left, right) = new_figure(7.4, 2.7, 2, sharey=True)
    cells = grid((8, 8), 8, 8)
    for label, order in orders.items():
        hidden = exchange_curve(probability, x, black(x), cells, order)
        shown = exchange_curve(probability, black(x), x, cells, order)
        left.plot(hidden.fractions, hidden.probabilities, label=f"{label}: {hidden.area:.2f}")
        right.plot(shown.fractions, shown.probabilities, label=f"{label}: {shown.area:.2f}")
    left.set(title="deletion", xlabel="fraction hidden", ylabel="probability of a 3")
    right.set(title="insertion", xlabel="fraction shown")
    left.legend(fontsize=7), right.legend(fontsize=7)
    return figure


def randomization() -> Figure:
    """Maps of the same digit by networks with more and more random weights."""
    score, x = asked()
    network = digit_reader()[0]
    figure, axes = new_figure(8.6, 2.3, 4)
    first = integrated_gradients(score, x, black(x)).values
    _heat(axes[0], first, "as trained")
    for count, axis in zip((1, 2, 3), axes[1:], strict=True):
        other = Score(randomized(network, count, seed=0), score.weights, threads=1)
        a = integrated_gradients(other, x, black(x)).values
        layers = "layer" if count == 1 else "layers"
        _heat(axis, a, f"{count} {layers} random: {rank_correlation(first, a, signed=True):.2f}")
    return figure

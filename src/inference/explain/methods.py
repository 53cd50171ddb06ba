"""The methods of explanation by name, and what each of them needs.

A method is a function of a question: what is explained, of which input, from which baseline, and
with which settings.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.layers.container import Container
from src.inference.explain.attribution import Attribution
from src.inference.explain.expected_gradients import expected_gradients
from src.inference.explain.grad_cam import grad_cam, has_maps, layer_with_maps
from src.inference.explain.gradient import gradient, gradient_times_input
from src.inference.explain.integrated_gradients import integrated_gradients
from src.inference.explain.kernel_shap import choose_coalitions
from src.inference.explain.occlusion import occlusion, window_and_stride
from src.inference.explain.players import Players, features, grid, superpixels
from src.inference.explain.quadrature import quadrature
from src.inference.explain.score import Score
from src.inference.explain.shapley import shapley
from src.inference.explain.smooth_grad import smooth_grad
from src.inference.explain_settings import Settings

MOST_FEATURES = 49
"""Players of a feature vector; of longer ones neighbours play together."""


@dataclass(frozen=True)
class Question:
    """What a method is asked.

    Attributes:
        score: what is explained.
        x: the input, (height, width, channels) or (features,).
        baseline: of its shape.
        background: (photos, *shape), other inputs; None where there are none.
        settings: of the methods.
    """

    score: Score
    x: Array
    baseline: Array
    background: Array | None = None
    settings: Settings = field(default_factory=Settings)

    @property
    def rng(self) -> np.random.Generator:
        """A new generator, the same for every method and input."""
        return np.random.default_rng(self.settings.seed)


def players_of(question: Question) -> Players:
    """The players of a Shapley game: patches or regions of a photo, or features."""
    x, settings = question.x, question.settings
    if x.ndim == 1:
        return features(len(x), MOST_FEATURES)
    if settings.superpixels:
        return superpixels(x, settings.superpixels)
    own = settings.grid != Settings.grid
    rows, columns = (settings.grid if own else min(settings.grid, s) for s in x.shape[:2])
    return grid((x.shape[0], x.shape[1]), rows, columns)


def _integrated_gradients(q: Question) -> Attribution:
    settings = q.settings
    return integrated_gradients(
        q.score, q.x, q.baseline, settings.steps, settings.rule, settings.tolerance
    )


def _expected_gradients(q: Question) -> Attribution:
    if q.background is None:
        raise ValueError("expected_gradients needs other photos (--background DATA)")
    return expected_gradients(q.score, q.x, q.background, q.rng, q.settings.pairs)


def _grad_cam(q: Question) -> Attribution:
    if q.x.ndim != 3:
        raise ValueError("grad_cam needs photos, and these inputs are no photos")
    return grad_cam(q.score, q.x, q.settings.layer)


def _occlusion(q: Question) -> Attribution:
    return occlusion(q.score, q.x, q.baseline, q.settings.window, q.settings.stride)


def _shap(q: Question) -> Attribution:
    return shapley(q.score, q.x, q.baseline, players_of(q), q.rng, q.settings.coalitions)


METHODS: Mapping[str, Callable[[Question], Attribution]] = {
    "gradient": lambda q: gradient(q.score, q.x),
    "gradient_times_input": lambda q: gradient_times_input(q.score, q.x, q.baseline),
    "smooth_grad": lambda q: smooth_grad(q.score, q.x, q.rng, q.settings.noise_samples),
    "integrated_gradients": _integrated_gradients,
    "expected_gradients": _expected_gradients,
    "grad_cam": _grad_cam,
    "occlusion": _occlusion,
    "shap": _shap,
}
"""From a question to its attribution; each may raise ValueError where it cannot answer."""


FROM_BASELINE = ("gradient_times_input", "integrated_gradients", "occlusion", "shap")
"""Methods that tell an input from its baseline."""

ADD_UP = ("gradient_times_input", "integrated_gradients", "expected_gradients", "shap")
"""Methods whose values, added up, mean something."""

OWN_SETTINGS = {
    "integrated_gradients": ("steps", "rule", "tolerance"),
    "smooth_grad": ("noise_samples",),
    "expected_gradients": ("pairs",),
    "grad_cam": ("layer",),
    "occlusion": ("window", "stride"),
    "shap": ("coalitions", "grid", "superpixels"),
}
"""Settings by the method that uses them."""


def check_settings(question: Question, methods: Sequence[str]) -> None:
    """Raise ValueError for settings that cannot be, of an input of this shape.

    Args:
        question: about any input.
        methods: that will be used.
    """
    settings, x = question.settings, question.x
    if "integrated_gradients" in methods:
        quadrature(settings.rule, settings.steps)
    if "grad_cam" in methods and settings.layer:
        layer_with_maps(question.score.network, x, settings.layer)
    if "occlusion" in methods:
        sides = x.shape[:2] if x.ndim == 3 else x.shape
        window_and_stride(sides, settings.window, settings.stride)
    if "shap" in methods:
        players = int(players_of(question).max()) + 1
        choose_coalitions(players, settings.coalitions, question.rng)


def suits(name: str, network: Container, background: Array | None) -> str:
    """Why a method has no answer for a network, in a few words; empty where it has one."""
    if name == "grad_cam" and not has_maps(network):
        return "it needs a layer with maps, and this network has none"
    if name == "expected_gradients" and background is None:
        return "it needs other photos (--background DATA)"
    return ""

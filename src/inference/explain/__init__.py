"""Why a model gave an answer: attributions by hand, drawn, and measured.

Methods are imported when one is asked for: who only predicts needs none of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from src.inference.explain.attribution import Attribution
    from src.inference.explain.baselines import make_baseline
    from src.inference.explain.defaults import BASELINES, Settings
    from src.inference.explain.expected_gradients import expected_gradients
    from src.inference.explain.explainer import Explainer, Explanation, explain
    from src.inference.explain.grad_cam import grad_cam
    from src.inference.explain.gradient import gradient, gradient_times_input
    from src.inference.explain.integrated_gradients import integrated_gradients
    from src.inference.explain.kernel_shap import ShapleyValues, kernel_shap
    from src.inference.explain.methods import METHODS, Question
    from src.inference.explain.occlusion import occlusion
    from src.inference.explain.players import features, grid, superpixels
    from src.inference.explain.score import Score
    from src.inference.explain.shapley import shapley
    from src.inference.explain.smooth_grad import smooth_grad

LATE = {
    "attribution": ("Attribution",),
    "baselines": ("make_baseline",),
    "defaults": ("BASELINES", "Settings"),
    "expected_gradients": ("expected_gradients",),
    "explainer": ("Explainer", "Explanation", "explain"),
    "grad_cam": ("grad_cam",),
    "gradient": ("gradient", "gradient_times_input"),
    "integrated_gradients": ("integrated_gradients",),
    "kernel_shap": ("ShapleyValues", "kernel_shap"),
    "methods": ("METHODS", "Question"),
    "occlusion": ("occlusion",),
    "players": ("features", "grid", "superpixels"),
    "score": ("Score",),
    "shapley": ("shapley",),
    "smooth_grad": ("smooth_grad",),
}
"""Names by the modules that have them."""

__all__ = [
    "BASELINES",
    "METHODS",
    "Attribution",
    "Explainer",
    "Explanation",
    "Question",
    "Score",
    "Settings",
    "ShapleyValues",
    "expected_gradients",
    "explain",
    "features",
    "grad_cam",
    "gradient",
    "gradient_times_input",
    "grid",
    "integrated_gradients",
    "kernel_shap",
    "make_baseline",
    "occlusion",
    "shapley",
    "smooth_grad",
    "superpixels",
]


def __getattr__(name: str) -> Any:
    """A name of ``LATE`` (PEP 562)."""
    for module, names in LATE.items():
        if name in names:
            return getattr(import_module(f"src.inference.explain.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

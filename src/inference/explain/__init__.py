"""Why a model gave an answer: attributions by hand, drawn, and measured."""

from src.inference.explain.attribution import Attribution
from src.inference.explain.baselines import make_baseline
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
from src.inference.explain_settings import BASELINES, Settings

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

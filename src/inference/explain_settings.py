"""Names and settings of the methods, for whoever asks for them before anything is computed."""

from dataclasses import dataclass

BASELINES = ("black", "mean", "blurred", "average")
"""See ``baselines``."""

TITLES = {
    "gradient": "Gradient",
    "gradient_times_input": "Gradient x input",
    "smooth_grad": "SmoothGrad",
    "integrated_gradients": "Integrated gradients",
    "expected_gradients": "Expected gradients",
    "grad_cam": "Grad-CAM",
    "occlusion": "Occlusion",
    "shap": "Shapley values",
}
"""What people call the methods, by name."""

UNITS = {
    "gradient": "logits per unit of x",
    "smooth_grad": "logits per unit of x",
    "grad_cam": "weighted maps",
    "occlusion": "logits per window",
}
"""Of the values of a method; of those that are not here, logits per pixel."""

METHOD_NAMES = tuple(TITLES)

RULES = ("gauss_legendre", "trapezoid")
"""See ``quadrature``."""

DEFAULT_METHOD = "integrated_gradients"

MOST = 50
"""Images that one command explains."""


@dataclass(frozen=True)
class Settings:
    """Of all methods; each uses its own.

    Attributes:
        steps, rule, tolerance: of integrated gradients: steps are doubled until attributions add up
            within this fraction.
        noise_samples: of SmoothGrad.
        pairs: of expected gradients.
        coalitions: of Shapley values.
        grid: rows and columns of patches, which are the players of a photo.
        superpixels: regions of similar colour take their place; 0 for patches.
        window, stride: of occlusion; 0 to choose by the input's size.
        layer: of Grad-CAM; the last one with maps if empty.
        seed: of everything drawn.

    Raises ValueError for numbers that cannot be.
    """

    steps: int = 32
    rule: str = "gauss_legendre"
    tolerance: float = 0.01
    noise_samples: int = 50
    pairs: int = 200
    coalitions: int = 2000
    grid: int = 7
    superpixels: int = 0
    window: int = 0
    stride: int = 0
    layer: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "noise_samples", "pairs", "coalitions", "grid"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: expected 1 or more, got {getattr(self, name)}")
        if not self.tolerance > 0:
            raise ValueError(f"tolerance: expected a number above 0, got {self.tolerance}")
        for name in ("superpixels", "window", "stride", "seed"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name}: expected 0 or more, got {getattr(self, name)}")

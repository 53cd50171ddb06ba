"""SmoothGrad: the mean gradient around an input (Smilkov et al. 2017, section 3).

    a = 1/n sum over i of df/dx at x + e_i,     e_i ~ N(0, s^2)

Gradients of a deep network jump from pixel to pixel; their mean over a neighbourhood does not. The
noise s is given as a fraction of the range of x.
"""

import numpy as np
from numpy.typing import DTypeLike

from src.classic_nn.array_types import Array, Shape
from src.inference.explain.attribution import Attribution
from src.inference.explain.score import Score
from src.inference.explain_settings import Settings

NOISE = 0.15
"""The paper, section 3.1: 50 samples, and 10 to 20% noise."""


def smooth_grad(
    score: Score,
    x: Array,
    rng: np.random.Generator,
    samples: int = Settings.noise_samples,
    noise: float = NOISE,
) -> Attribution:
    """The mean of ``samples`` gradients at x and noise.

    Args:
        score: f.
        x: one input.
        rng: of the noise.
        samples: n.
        noise: s, as a fraction of the difference between the largest and the smallest value of x.

    Figures: ``standard_error``, of the values, the mean over them.
    """
    scale = noise * float(np.ptp(x))
    seeds = rng.integers(2**63, size=samples)

    def noisy(some: slice) -> Array:
        return np.stack([x + scale * _normal(int(seed), x.shape, x.dtype) for seed in seeds[some]])

    total, squares = np.zeros(x.shape), np.zeros(x.shape)
    for _, _, dx in score.gradients(noisy, samples):
        total += dx.sum(axis=0, dtype=np.float64)
        squares += np.square(dx, dtype=np.float64).sum(axis=0)
    mean = total / samples
    variance = np.maximum(squares / samples - mean**2, 0)
    error = float(np.sqrt(variance / (samples - 1)).mean()) if samples > 1 else float("nan")
    return Attribution(mean, {"samples": samples, "standard_error": error})


def _normal(seed: int, shape: Shape, dtype: DTypeLike) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)

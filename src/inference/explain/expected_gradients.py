"""Expected gradients (Erion et al. 2021, equation 3), which SHAP calls GradientSHAP.

    a_k = mean over x' and t of (x_k - x'_k) df/dx_k at x' + t (x - x'),   x' ~ data, t ~ U(0, 1)

Integrated gradients need one baseline, and what equals it gets nothing: black is no baseline for
black ink. Here the baselines are other photos, and the attributions tell how x differs from them:

    sum over k of a_k = f(x) - mean over x' of f(x')

The mean is over random pairs; t is drawn once from each of n equal parts of (0, 1), which halves
the noise or better.
"""

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.inference.explain.attribution import Attribution
from src.inference.explain.integrated_gradients import completeness
from src.inference.explain.score import Score
from src.inference.explain_settings import Settings


def expected_gradients(
    score: Score,
    x: Array,
    background: Array,
    rng: np.random.Generator,
    samples: int = Settings.pairs,
) -> Attribution:
    """Attributions of one input.

    Args:
        score: f.
        x: the input.
        background: (photos, *shape), from which x' are drawn.
        rng: draws x' and t.
        samples: pairs (x', t).

    Figures: ``samples``; the completeness error and, relative to |f(x) - mean f(x')|, how large it
    is; ``standard_error``, the mean over the values: that of independent pairs, which the equal
    parts of t make about half as large.
    """
    chosen = _rounds(len(background), samples, rng)
    t = rng.permutation((np.arange(samples) + rng.random(samples)) / samples)
    total, squares = np.zeros(x.shape), np.zeros(x.shape)

    def between(some: slice) -> Array:
        way = t[some].astype(x.dtype).reshape(-1, *[1] * x.ndim)
        start = background[chosen[some]]
        between: Array = start + way * (x - start)
        return between

    for some, _, dx in score.gradients(between, samples):
        terms = (x - background[chosen[some]]).astype(np.float64) * dx
        total += terms.sum(axis=0)
        squares += np.square(terms).sum(axis=0)
    values = total / samples
    variance = np.maximum(squares / samples - values**2, 0)
    error = float(np.sqrt(variance / (samples - 1)).mean()) if samples > 1 else float("nan")
    used, counts = np.unique(chosen, return_counts=True)
    scores = score.values(lambda some: background[used[some]], len(used))
    change = score.of(x) - float(np.average(scores, weights=counts))
    return Attribution(
        values,
        {
            "samples": samples,
            **completeness(values, change).figures(),
            "standard_error": error,
        },
    )


def _rounds(photos: int, samples: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Numbers of photos (samples,): all equally often, but for the last round, in random order."""
    rounds = [rng.permutation(photos) for _ in range(-(-samples // photos))]
    return np.concatenate(rounds)[:samples]

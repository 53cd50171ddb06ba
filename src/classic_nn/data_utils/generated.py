"""Generated data sets: points, not photos, for first experiments (scikit-learn)."""

from __future__ import annotations

import numpy as np

from src.classic_nn.array_types import Array


def generate_multilabel_dataset(
    samples: int = 2000,
    features: int = 20,
    labels: int = 5,
    rng: np.random.Generator | None = None,
) -> tuple[Array, Array]:
    """Counts of words of which several topics are true at once.

    Wraps scikit-learn's ``make_multilabel_classification``; features are standardized to mean 0
    and standard deviation 1.

    Args:
        samples: number of samples.
        features: number of different words.
        labels: number of topics.
        rng: random generator; seeded with 0 if None.

    Returns:
        X (samples, features) and Y (samples, labels) of 0 and 1, float32.
    """
    from sklearn.datasets import make_multilabel_classification

    x, y = make_multilabel_classification(
        n_samples=samples,
        n_features=features,
        n_classes=labels,
        allow_unlabeled=True,
        random_state=_legacy_seed(rng),
    )
    x = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-12)
    return x.astype(np.float32), y.astype(np.float32)


def generate_binary_classification_data(
    samples: int = 2000, noise: float = 0.15, rng: np.random.Generator | None = None
) -> tuple[Array, Array]:
    """Two moons: two interleaved half circles with noise, one for each class.

    Wraps scikit-learn's ``make_moons``.

    Args:
        samples: number of points.
        noise: standard deviation of the noise; the moons have radius 1.
        rng: random generator; seeded with 0 if None.

    Returns:
        X (samples, 2) and Y (samples, 1) of 0 and 1, float32.
    """
    from sklearn.datasets import make_moons

    x, y = make_moons(n_samples=samples, noise=noise, random_state=_legacy_seed(rng))
    return x.astype(np.float32), y[:, np.newaxis].astype(np.float32)


def _legacy_seed(rng: np.random.Generator | None) -> int:
    """A seed for scikit-learn, which takes no Generator, drawn from ours."""
    rng = np.random.default_rng(0) if rng is None else rng
    return int(rng.integers(2**31))

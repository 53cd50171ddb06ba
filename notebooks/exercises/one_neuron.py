"""Exercises of notebook 1, *One neuron, and its gradient by hand*."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from exercises.check import Array, Claim, call, claims, differences, exercise
from src.classic_nn.math import sigmoid


def _samples() -> tuple[Array, Array, Array]:
    """X (7, 2), y (7,) and theta: the two weights and the bias."""
    rng = np.random.default_rng(1)
    return rng.normal(size=(7, 2)), rng.integers(0, 2, 7).astype(float), rng.normal(size=3)


def _gradients(
    answer: Any, loss: Callable[[Array, Array], Array], labels: Callable[[Array], Array]
) -> Iterator[Claim]:
    """Claims of dw and db of the mean of loss(z, labels), z = X w + b."""
    X, y, theta = _samples()
    given_labels = labels(y)

    def mean_loss(at: Array) -> float:
        return float(np.mean(loss(X @ at[:2] + at[2], given_labels)))

    right = differences(mean_loss, theta)
    given = call(answer, X, given_labels, theta[:2], float(theta[2]), returns=("dw", "db"))
    like = Claim("", None, None, "finite differences", samples=len(y))
    yield from claims(given, {"dw": right[:2], "db": right[2]}, like)


@exercise
def squared_error_gradient(answer: Any) -> Iterator[Claim]:
    """(X, y, w, b) -> dw, db of the mean of (p - y)^2."""
    yield from _gradients(answer, lambda z, y: (sigmoid(z) - y) ** 2, lambda y: y)


@exercise
def two_signs_gradient(answer: Any) -> Iterator[Claim]:
    """(X, s, w, b) -> dw, db of the mean of log(1 + exp(-s z)), s being -1 or 1."""
    yield from _gradients(answer, lambda z, s: np.logaddexp(0, -s * z), lambda y: 2 * y - 1)


@exercise
def boundary_height(answer: Any) -> Iterator[Claim]:
    """(w, b, x1) -> the x2 at which the neuron answers one half."""
    w, b, x1 = np.array([3.0, -2.0]), 0.5, np.array([-1.0, 0.0, 0.25, 2.0])
    x2 = np.asarray(call(answer, w, b, x1), dtype=np.float64)
    if x2.shape != x1.shape:
        yield Claim("x2", x2, x1)
    z = w[0] * x1 + w[1] * x2 + b  # 0 on the line; x2 is wrong by as much as z is, over w2
    yield Claim("x2", x2, x2 - z / w[1], "the neuron")

"""Exercises of notebook 4, *Batch normalization: the long chain, then the closed form*."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from exercises.check import Array, Claim, call, claims, differences, exercise
from src.classic_nn.batch_norm import batch_norm_inference, batch_statistics


@exercise
def folded_dense(answer: Any) -> Iterator[Claim]:
    """(W, b, gamma, beta, mean, variance, epsilon) -> W, b of a dense layer that does both."""
    rng = np.random.default_rng(7)
    W, (b, gamma, beta, mean) = rng.normal(size=(3, 4)), rng.normal(size=(4, 4))
    variance, epsilon = rng.uniform(0.5, 2, 4), 0.1

    def both(x: Array) -> Array:
        return batch_norm_inference(x @ W + b, gamma, beta, mean, variance, epsilon)[0]

    at_zero = both(np.zeros((1, 3)))[0]
    right = {"the new W": both(np.eye(3)) - at_zero, "the new b": at_zero}
    inputs = (W, b, gamma, beta, mean, variance, epsilon)
    yield from claims(call(answer, *inputs, returns=("W", "b")), right)


@exercise
def merged_statistics(answer: Any) -> Iterator[Claim]:
    """(n1, mean1, variance1, n2, mean2, variance2) -> mean, variance of all samples."""
    rng = np.random.default_rng(8)
    parts = rng.normal(size=(5, 3)), rng.normal([3.0, -1.0, 0.5], 2.0, size=(9, 3))
    inputs = [value for part in parts for value in (len(part), part.mean(axis=0), part.var(axis=0))]
    mean, variance, _ = batch_statistics(np.concatenate(parts))
    given = call(answer, *inputs, returns=("mean", "variance"))
    yield Claim("mean", given[0], mean, hint="The workers have 5 and 9 samples here")
    hint = "A variance is about its own worker's mean, not about the mean of all"
    yield Claim("variance", given[1], variance, hint=hint)


@exercise
def rms_norm_backward(answer: Any) -> Iterator[Claim]:
    """(dy, x, gamma, epsilon) -> dx, dgamma of y = gamma x / sqrt(mean(x^2) + epsilon)."""
    rng = np.random.default_rng(9)
    dy, x = rng.normal(size=(2, 5, 4))
    gamma, epsilon = rng.normal(size=4), 0.1

    def loss(x: Array, gamma: Array) -> float:
        root = np.sqrt(np.mean(x**2, axis=1, keepdims=True) + epsilon)
        return float(np.sum(dy * gamma * x / root))

    dx, dgamma = call(answer, dy, x, gamma, epsilon, returns=("dx", "dgamma"))
    right = differences(lambda at: loss(x, at), gamma)
    yield Claim("dgamma", dgamma, right, "finite differences", samples=len(x))
    hint = "x goes two ways, by itself and through r; and gamma is not the same for all features"
    right = differences(lambda at: loss(at, gamma), x)
    yield Claim("dx", dx, right, "finite differences", hint=hint)

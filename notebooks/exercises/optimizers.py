"""Exercises of notebook 3, *Optimizers on a valley*."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from exercises.check import Array, Claim, call, claims, exercise
from src.classic_nn import ParameterVector, create_optimizer
from src.classic_nn.optimizers.adam import adam_step_plain


def _slowest(H: Array, rate: Any) -> float:
    """What one step of gradient descent leaves of the distance from the bottom, at worst."""
    return float(np.linalg.norm(np.eye(len(H)) - rate * H, 2))


@exercise
def best_rate(answer: Any) -> Iterator[Claim]:
    """H (n, n) -> the learning rate whose slowest factor is the smallest."""
    turned = np.linalg.qr(np.random.default_rng(5).normal(size=(4, 4)))[0]
    for curvatures in ([1.0, 3.0, 10.0, 40.0], [0.2, 0.21, 0.3, 2.0]):
        H = turned @ np.diag(curvatures) @ turned.T
        low, high = 0.0, 2 / max(curvatures)
        for _ in range(100):  # the slowest factor is convex in the rate: each third has a loser
            a, b = low + (high - low) / 3, high - (high - low) / 3
            low, high = (low, b) if _slowest(H, a) < _slowest(H, b) else (a, high)
        rate = np.asarray(call(answer, H), dtype=np.float64)
        hint = ""
        if rate.shape == () and np.isfinite(rate):
            hint = (
                f"With yours one step leaves {_slowest(H, rate):.4g} of the distance along the "
                f"slowest axis of a valley of curvatures {curvatures}; {_slowest(H, low):.4g} "
                "is possible"
            )
        yield Claim("the rate", rate, low, "a search over all rates", 1e-5, hint=hint)


@exercise
def adam_step(answer: Any) -> Iterator[Claim]:
    """(theta, g, m, v, t, rate, beta1, beta2, epsilon) -> theta, m, v after step t."""
    rng = np.random.default_rng(6)
    hint = "t counts from 1; epsilon is added to the root of the corrected v"
    for t, epsilon in ((1, 1e-8), (5, 0.05)):
        theta, g, m = rng.normal(size=(3, 6))
        v = rng.uniform(0.1, 2, 6)
        if t == 1:
            m, v = np.zeros((2, 6))
        inputs = (theta, g, m, v, t, 0.1, 0.8, 0.95, epsilon)
        given = call(answer, *inputs, returns=("theta", "m", "v"))
        right = adam_step_plain(*inputs)
        names = [f"{name} after step {t}" for name in ("theta", "m", "v")]
        expected = dict(zip(names, right, strict=True))
        # the averages first: a mistake in them is one in theta too
        yield from claims(given[1:], dict(list(expected.items())[1:]))
        yield Claim(names[0], given[0], right[0], hint=hint)


@exercise
def momentum_matrix(answer: Any) -> Iterator[Claim]:
    """(curvature, rate, beta) -> M (2, 2) from (theta_t, theta_t-1) to (theta_t+1, theta_t)."""
    for curvature, rate, beta in ((2.0, 0.1, 0.9), (5.0, 0.07, 0.6)):
        # the library's velocity is (1 - beta) times the notebook's
        optimizer = create_optimizer("momentum", learning_rate=rate / (1 - beta), beta=beta)
        theta = ParameterVector.pack({"theta": np.ones(1)}, dtype=np.float64)
        gradient, path = theta.zeros_like(), [1.0]
        for _ in range(3):
            gradient["theta"] = curvature * theta["theta"]
            optimizer.step(theta, gradient)
            path.append(float(theta["theta"][0]))
        before, after = np.array([path[1:3], path[0:2]]), np.array([path[2:4], path[1:3]])
        yield Claim(
            "M",
            call(answer, curvature, rate, beta),
            after @ np.linalg.inv(before),
            f"the library's path for curvature {curvature:g}, rate {rate:g} and beta {beta:g}",
        )

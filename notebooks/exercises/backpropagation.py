"""Exercises of notebook 2, *Backpropagation is a chain of functions*."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from exercises.check import Array, Claim, WrongForm, call, claims, differences, exercise
from src.classic_nn.math import log_softmax, silu


@exercise
def silu_backward(answer: Any) -> Iterator[Claim]:
    """(dy, z) -> dz of y = z sigmoid(z)."""
    rng = np.random.default_rng(2)
    dy, z = rng.normal(size=(2, 5, 3))
    right = differences(lambda at: float(np.sum(dy * silu(at))), z)
    hint = "z reaches y by two ways: by itself, and through the sigmoid"
    yield Claim("dz", call(answer, dy, z), right, "finite differences", hint=hint)


@exercise
def residual_backward(answer: Any) -> Iterator[Claim]:
    """(dy, x, W, a) -> dx, dW of y = x + a, where a = tanh(x W)."""
    rng = np.random.default_rng(3)
    dy, x = rng.normal(size=(2, 5, 3))
    W = rng.normal(size=(3, 3))
    a = np.tanh(x @ W)

    def loss(x: Array, W: Array) -> float:
        return float(np.sum(dy * (x + np.tanh(x @ W))))

    right = {
        "dx": differences(lambda at: loss(at, W), x),
        "dW": differences(lambda at: loss(x, at), W),
    }
    given = call(answer, dy, x, W, a, returns=("dx", "dW"))
    hint = "x reaches y by two ways, and W by one of them: through a"
    yield from claims(given, right, Claim("", None, None, "finite differences", hint=hint))


@exercise
def unseen_upstream(answer: Any) -> Iterator[Claim]:
    """z -> r, not zero, for which the wrong pass dz = dy of the log-softmax passes the check."""
    z = np.random.default_rng(4).normal(size=(5, 4))
    r = np.asarray(call(answer, z), dtype=np.float64)
    if r.shape != z.shape:
        yield Claim("r", r, z)
    if not r.any():
        raise WrongForm("r is zero everywhere: every backward pass is right then; find another")
    right = differences(lambda at: float(np.sum(r * log_softmax(at))), z)
    hint = "So this r still sees the mistake. What has the right dz that dy has not?"
    yield Claim("dz", r, right, "finite differences", hint=hint)

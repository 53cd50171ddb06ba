"""Exercises of notebook 11, *Eight bits*."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from exercises.check import Claim, call, claims, differences, exercise
from src.classic_nn.quantization import (
    Quantization,
    fake_quantize,
    fake_quantize_backward,
    integer_matmul,
    symmetric,
)


@exercise
def filter_integers(answer: Any) -> Iterator[Claim]:
    """(w, bits) -> q, s: symmetric integers of a kernel, with a scale for each filter."""
    rng = np.random.default_rng(11)
    for bits in (8, 4):
        w = rng.normal(size=(3, 3, 2, 4)) * np.array([0.01, 0.1, 1, 10])
        right = symmetric(w.min(axis=(0, 1, 2)), w.max(axis=(0, 1, 2)), bits)
        q, s = call(answer, w, bits, returns=("q", "s"))
        hint = f"That is for {bits} bits"
        yield from claims(
            (s, q), {"s": right.scale, "q": right.quantize(w)}, Claim("", 0, 0, hint=hint)
        )


@exercise
def centered_sums(answer: Any) -> Iterator[Claim]:
    """(products, q_sums, v_sums, inner, zx, zv) -> sums of (q - zx)(v - zv)."""
    rng = np.random.default_rng(12)
    q, v = rng.integers(0, 256, size=(4, 9)), rng.integers(0, 256, size=(9, 3))
    right = integer_matmul(q, v, 117, 131)
    given = call(answer, q @ v, q.sum(axis=1), v.sum(axis=0), 9, 117, 131)
    yield Claim("y", given, right, "the library's integer_matmul")


@exercise
def straight_through(answer: Any) -> Iterator[Claim]:
    """(dy, x, s, bits) -> dx, ds of the straight-through estimator."""
    rng = np.random.default_rng(13)
    bits, highest, s = 4, 7, 0.25
    x = s * np.concatenate([rng.uniform(-6.4, 6.4, 8), [7.7, 12.3, -9.6]])
    dy = rng.normal(size=x.shape)
    quantization = Quantization(np.array(s, np.float32), np.array(0, np.int32), bits, signed=True)
    y, cache = fake_quantize(x, quantization)
    added = y / s - x / s  # by rounding: a constant

    def loss(scale: Any) -> float:
        inside = scale * (x / scale + added)
        ends = np.sign(x) * highest * scale
        return float((dy * np.where(cache.inside, inside, ends)).sum())

    dx, ds = call(answer, dy, x, s, bits, returns=("dx", "ds"))
    yield Claim("dx", dx, fake_quantize_backward(dy, cache), "the library")
    hint = "What is cut off at an end depends on s too; what is rounded, by r alone"
    yield Claim(
        "ds", ds, differences(loss, np.array(s)), "finite differences with r held fixed", hint=hint
    )

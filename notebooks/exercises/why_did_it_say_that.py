"""Exercises of notebook 10, *Why did it say that?*."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from exercises.check import Array, Claim, call, exercise
from src.classic_nn import Dense, Sequential, Sigmoid, Tanh
from src.inference.explain import Score, gradient, integrated_gradients, kernel_shap

STEPS = 128
"""Points of the library's integral; that of a smooth function is exact to rounding."""


def _attributions(score: Score, x: Array, baseline: Array) -> Array:
    """Integrated gradients by the library."""
    return integrated_gradients(score, x, baseline, STEPS, most_steps=STEPS).values


@exercise
def path_attributions(answer: Any) -> Iterator[Claim]:
    """(gradient_at, x, baseline, steps) -> integrated gradients by a sum."""
    rng = np.random.default_rng(10)
    network = Sequential([Dense(6), Tanh(), Dense(1)])
    network.build((4,), rng, np.float64)
    score = Score(network, np.ones(1), threads=1)
    x, baseline = 2 * rng.normal(size=4), rng.normal(size=4)
    given = call(answer, lambda at: gradient(score, np.asarray(at)).values, x, baseline, 100)
    right = _attributions(score, x, baseline)
    hint = f"They add up to f(x) - f(baseline) = {score.of(x) - score.of(baseline):.4f}"
    yield Claim("a", given, right, tolerance=1e-3, hint=hint)


@exercise
def sigmoid_attributions(answer: Any) -> Iterator[Claim]:
    """(w, b, x, baseline) -> integrated gradients of a sigmoid neuron, without a sum."""
    rng = np.random.default_rng(11)
    for saturated in (1, 4):
        w, b, baseline = saturated * rng.normal(size=3), 0.4, rng.normal(size=3)
        x = baseline + np.sign(w) * rng.uniform(0.5, 1.5, size=3)
        network = Sequential([Dense(1), Sigmoid()])
        network.build((3,), rng, np.float64)
        network.parameters["W1"][:, 0], network.parameters["b1"][0] = w, b
        score = Score(network, np.ones(1), threads=1)
        hint = f"They add up to f(x) - f(baseline) = {score.of(x) - score.of(baseline):.4f}"
        given = call(answer, w, b, x, baseline)
        yield Claim("a", given, _attributions(score, x, baseline), hint=hint)


@exercise
def shapley_values(answer: Any) -> Iterator[Claim]:
    """(worth, players) -> phi of all players."""
    rng = np.random.default_rng(12)
    for players in (2, 4):
        table = rng.normal(size=2**players)

        def worth(present: Any, table: Array = table, players: int = players) -> float:
            mask = np.asarray(present, bool)
            if mask.shape != (players,):
                raise ValueError(f"worth takes a mask of shape ({players},), got {mask.shape}")
            return float(table[mask @ 2 ** np.arange(players)])

        def game(masks: Array, worth: Any = worth) -> Array:
            return np.array([worth(mask) for mask in masks])

        right = kernel_shap(game, players, rng)
        hint = (
            f"That is a game of {players} players; the values add up to "
            f"{right.everybody - right.nobody:.4f}, what all are worth less what nobody is"
        )
        given = call(answer, worth, players)
        yield Claim("phi", given, right.values, "the library's kernel_shap", hint=hint)

"""Shapley values by weighted regression (KernelSHAP; Lundberg and Lee 2017, theorem 2).

In a game of n players a coalition S is worth v(S). A player's Shapley value is the mean over all
orders of what its arrival adds (Shapley 1953):

    phi_k = sum over S without k of |S|! (n - |S| - 1)! / n! * (v(S + k) - v(S))

That takes 2^n coalitions. The same values solve a regression: with z a coalition as 0 and 1,

    minimize   sum over z of w(z) (v(z) - v(0) - z . phi)^2,   subject to sum of phi = v(1) - v(0)

    w(z) = (n - 1) / ( C(n, s) s (n - s) ),   s = number of players in z

and it may be solved on some of the coalitions. Small and large ones weigh most: sizes 1 and n - 1,
2 and n - 2, ... are taken whole while half of what is left suffices; of the others, coalitions are
drawn by their weight, each together with its complement, which cancels much of the error (Covert
and Lee 2021, section 4). With up to ``EXACT`` players all are taken, and the values are exact.

The constraint is solved for the last player: phi_n = v(1) - v(0) - sum of the others, which makes
it a regression without constraint on z_k - z_n.

What is drawn has an error. With A the matrix of the regression and r the residuals of pair i,

    Cov(phi) = A^-1 [ sum over pairs of g_i g_i^T ] A^-1
    g_i      = sum over the two of w (z - z_n) r

which is the usual robust covariance of a regression (White 1980), times pairs / (pairs - unknowns).
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from src.inference.explain_settings import Settings

Floats = NDArray[np.float64]
Masks = NDArray[np.bool_]

EXACT = 12
"""Players up to which all coalitions are taken, whatever was asked for."""


FEWEST = 10
"""Coalitions for each player, at least."""


@dataclass(frozen=True)
class ShapleyValues:
    """The result of a game.

    Attributes:
        values: (players,), phi.
        standard_errors: (players,); zero where all coalitions were taken.
        nobody: v of no player.
        everybody: v of all.
        coalitions: number of those whose value was computed.
    """

    values: Floats
    standard_errors: Floats
    nobody: float
    everybody: float
    coalitions: int


def kernel_shap(
    game: Callable[[Masks], Floats],
    players: int,
    rng: np.random.Generator,
    coalitions: int = Settings.coalitions,
) -> ShapleyValues:
    """Shapley values of a game.

    Args:
        game: v, from coalitions (some, players) to their values (some,).
        players: their number, n.
        rng: draws coalitions.
        coalitions: that may be asked for, besides those of nobody and everybody.

    >>> votes = lambda z: (z @ [2, 1, 1] > 2).astype(float)  # 2 votes and 1 and 1; 3 win
    >>> kernel_shap(votes, 3, np.random.default_rng(0)).values.round(6).tolist()
    [0.666667, 0.166667, 0.166667]

    Raises ValueError for no player, or too few coalitions to solve the regression.
    """
    if players < 1:
        raise ValueError(f"players: expected 1 or more, got {players}")
    ends = game(np.array([[False], [True]]).repeat(players, axis=1))
    nobody, everybody = float(ends[0]), float(ends[1])
    if players == 1:
        return ShapleyValues(np.array([everybody - nobody]), np.zeros(1), nobody, everybody, 2)
    sample = choose_coalitions(players, coalitions, rng)
    worth = game(sample.masks) - nobody
    values, errors = _solve(sample, worth, everybody - nobody)
    return ShapleyValues(values, errors, nobody, everybody, len(sample.masks) + 2)


@dataclass(frozen=True)
class Coalitions:
    """Coalitions and their weights.

    Attributes:
        masks: (some, players); each is followed by its complement, or is its own size's last.
        weights: (some,), of the regression.
        pair: (some,), number of the pair that a coalition was drawn in; -1 for what is taken whole.
    """

    masks: Masks
    weights: Floats
    pair: NDArray[np.intp]


def choose_coalitions(players: int, count: int, rng: np.random.Generator) -> Coalitions:
    """The coalitions of a regression: whole sizes first, then pairs that are drawn.

    Raises ValueError for fewer than ``FEWEST`` for each player.
    """
    every = players <= EXACT or count >= 2**players - 2
    if not every and count < FEWEST * players:
        raise ValueError(
            f"coalitions: expected {FEWEST * players} or more for {players} players, got {count}"
        )
    masks: list[Masks] = []
    weights: list[Floats] = []
    left = {s: size_weight(players, s) for s in range(1, players // 2 + 1)}
    for size in list(left):
        if not every and _number(players, size) > count // 2:  # the others are drawn, and need some
            break
        whole = _all_of_size(players, size)
        count -= len(whole)
        masks.append(whole)
        weights.append(np.full(len(whole), left.pop(size) / len(whole)))
    taken = sum(map(len, masks))
    drawn = _draw_pairs(players, left, count // 2, rng)
    if len(drawn):
        masks.append(drawn)
        weights.append(np.full(len(drawn), sum(left.values()) / len(drawn)))
    pair = np.concatenate([np.full(taken, -1), np.arange(len(drawn)) // 2]).astype(np.intp)
    return Coalitions(np.concatenate(masks), np.concatenate(weights), pair)


def size_weight(players: int, size: int) -> float:
    """Weight of all coalitions of a size and of its complement's size together.

    >>> size_weight(4, 1), size_weight(4, 2)
    (2.0, 0.75)
    """
    both = 1 if 2 * size == players else 2
    return both * (players - 1) / (size * (players - size))


def _number(players: int, size: int) -> int:
    """Coalitions of a size and of its complement's."""
    return comb(players, size) * (1 if 2 * size == players else 2)


def _all_of_size(players: int, size: int) -> Masks:
    """All coalitions of a size, and their complements if these have another size."""
    chosen = np.array(list(combinations(range(players), size)))
    masks = np.zeros((len(chosen), players), bool)
    np.put_along_axis(masks, chosen, True, axis=1)
    return masks if 2 * size == players else np.concatenate([masks, ~masks])


def _draw_pairs(
    players: int, sizes: dict[int, float], pairs: int, rng: np.random.Generator
) -> Masks:
    """(2 * pairs, players): coalitions of these sizes, drawn by their weight, and complements."""
    if not sizes or not pairs:
        return np.zeros((0, players), bool)
    total = sum(sizes.values())
    drawn = rng.choice(list(sizes), size=pairs, p=[weight / total for weight in sizes.values()])
    order = rng.random((pairs, players)).argsort(axis=1).argsort(axis=1)  # ranks, at random
    masks = order < drawn[:, np.newaxis]
    return np.stack([masks, ~masks], axis=1).reshape(-1, players)


def _solve(sample: Coalitions, worth: Floats, total: float) -> tuple[Floats, Floats]:
    """Values and standard errors; ``worth`` (some,) is v - v(0), ``total`` that of everybody."""
    z = sample.masks.astype(np.float64)
    reduced = z[:, :-1] - z[:, -1:]  # (some, players - 1)
    target = worth - z[:, -1] * total
    weighted = reduced * sample.weights[:, np.newaxis]
    matrix = reduced.T @ weighted
    try:
        inverse = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        raise ValueError("coalitions: too few for a regression: ask for more") from None
    first = inverse @ (weighted.T @ target)
    values = np.append(first, total - first.sum())
    residuals = weighted * (target - reduced @ first)[:, np.newaxis]
    drawn = sample.pair >= 0
    pairs = np.zeros((sample.pair.max() + 1, len(first)))
    np.add.at(pairs, sample.pair[drawn], residuals[drawn])
    spare = max(len(pairs) - len(first), 1)  # of so many unknowns, residuals are too small
    covariance = inverse @ (pairs.T @ pairs) @ inverse * (len(pairs) / spare)
    errors = np.sqrt(np.append(np.diag(covariance), covariance.sum()).clip(0))
    return values, errors

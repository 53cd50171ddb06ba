"""Shapley values: axioms, brute force, and the errors that are stated."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.inference.explain import kernel_shap
from src.inference.explain.kernel_shap import EXACT, choose_coalitions, size_weight


def table_game(rng, players):
    """A random game: any number for each coalition."""
    worth = rng.normal(size=2**players)
    powers = 2 ** np.arange(players)
    return lambda masks: worth[masks @ powers]


def brute_force(game, players):
    """The formula: the mean over coalitions of what a player adds."""
    values = np.zeros(players)
    for player in range(players):
        others = [k for k in range(players) if k != player]
        for size in range(players):
            weight = factorial(size) * factorial(players - size - 1) / factorial(players)
            for chosen in combinations(others, size):
                masks = np.zeros((2, players), bool)
                masks[:, list(chosen)] = True
                masks[1, player] = True
                without, present = game(masks)
                values[player] += weight * (present - without)
    return values


@given(st.integers(1, 7), st.integers(0, 2**32 - 1))
def test_it_is_the_mean_of_what_a_player_adds(players, seed):
    game = table_game(np.random.default_rng(seed), players)
    found = kernel_shap(game, players, np.random.default_rng(0))
    assert np.allclose(found.values, brute_force(game, players), atol=1e-9)
    assert not found.standard_errors.any()


@given(st.integers(2, EXACT), st.integers(0, 2**32 - 1))
def test_axioms(players, seed):
    rng = np.random.default_rng(seed)
    game, other = table_game(rng, players), table_game(rng, players)
    values = kernel_shap(game, players, rng).values
    # efficiency: all values add up to what everybody is worth
    ends = game(np.array([[False] * players, [True] * players]))
    assert values.sum() == pytest.approx(ends[1] - ends[0], abs=1e-9)
    # linearity
    both = kernel_shap(lambda z: 2 * game(z) - other(z), players, rng).values
    expected = 2 * values - kernel_shap(other, players, rng).values
    assert np.allclose(both, expected, atol=1e-8)

    # symmetry: players 0 and 1 are exchanged
    def exchanged(masks):
        swapped = masks.copy()
        swapped[:, [0, 1]] = masks[:, [1, 0]]
        return game(swapped)

    mirrored = kernel_shap(exchanged, players, rng).values
    assert np.allclose(mirrored[[1, 0, *range(2, players)]], values, atol=1e-9)
    same = kernel_shap(lambda z: game(z) + exchanged(z), players, rng).values
    assert same[0] == pytest.approx(same[1], abs=1e-9)

    # dummy: who never adds anything gets nothing
    def without_last(masks):
        reduced = masks.copy()
        reduced[:, -1] = False
        return game(reduced)

    assert kernel_shap(without_last, players, rng).values[-1] == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("players", [13, 20, 49])
def test_an_additive_game_is_solved_by_any_sample(players, rng):
    worth = rng.normal(size=players)
    found = kernel_shap(lambda z: z @ worth + 3, players, rng, coalitions=10 * players)
    assert np.allclose(found.values, worth, atol=1e-8)
    assert found.nobody == pytest.approx(3)
    assert np.all(found.standard_errors < 1e-8)


def test_a_game_of_pairs_is_exact_where_sizes_are_whole(rng):
    """Complements cancel interactions of two: the values are right, whatever is drawn."""
    players = 16
    pairs = rng.normal(size=(players, players))
    game = lambda z: np.einsum("sp,pq,sq->s", z.astype(float), pairs, z)  # noqa: E731
    expected = (pairs + pairs.T).sum(axis=1) / 2
    found = kernel_shap(game, players, rng, coalitions=600)
    assert np.allclose(found.values, expected, atol=1e-8)


def test_stated_errors_are_those_of_repeated_runs(rng):
    players = 14
    game = table_game(rng, players)
    runs = [kernel_shap(game, players, np.random.default_rng(k), 300) for k in range(60)]
    spread = np.std([run.values for run in runs], axis=0)
    stated = np.mean([run.standard_errors for run in runs], axis=0)
    assert np.all(stated > 0)
    assert 0.75 < np.mean(spread / stated) < 1.25
    exact = brute_force(game, players) if players <= 10 else np.mean([r.values for r in runs], 0)
    assert np.allclose(np.mean([run.values for run in runs], axis=0), exact, atol=4 * stated.max())


def test_a_sample_is_hardly_biased(rng):
    players = EXACT + 1
    game = table_game(rng, players)
    exact = kernel_shap(game, players, rng, coalitions=2**players).values
    runs = np.array(
        [kernel_shap(game, players, np.random.default_rng(k), 200).values for k in range(80)]
    )
    error = np.sqrt(np.square(runs.mean(axis=0) - exact).mean())
    assert error < 0.3 * runs.std(axis=0).mean()  # the noise of 80 runs, and a little bias
    assert not kernel_shap(game, players, rng, 2**players).standard_errors.any()


@given(st.integers(EXACT + 1, 60), st.integers(0, 400), st.integers(0, 100))
def test_coalitions_are_within_the_number_asked_for(players, more, seed):
    count = 10 * players + more
    chosen = choose_coalitions(players, count, np.random.default_rng(seed))
    assert len(chosen.masks) <= count
    assert chosen.masks.any(axis=1).all()
    assert not chosen.masks.all(axis=1).any()
    total = sum(size_weight(players, s) for s in range(1, players // 2 + 1))
    assert chosen.weights.sum() == pytest.approx(total)
    drawn = chosen.masks[chosen.pair >= 0]
    assert np.array_equal(drawn[0::2], ~drawn[1::2])


def test_too_few_coalitions_are_refused(rng):
    with pytest.raises(ValueError, match="expected 200 or more for 20 players, got 199"):
        kernel_shap(lambda z: z.sum(axis=1), 20, rng, coalitions=199)
    with pytest.raises(ValueError, match="players: expected 1 or more"):
        kernel_shap(lambda z: z.sum(axis=1), 0, rng)


def test_it_agrees_with_shap(rng):
    shap = pytest.importorskip("shap", reason="needs shap")
    players = 8
    game = table_game(rng, players)
    explainer = shap.KernelExplainer(lambda z: game(z.astype(bool)), np.zeros((1, players)))
    theirs = explainer.shap_values(np.ones(players), silent=True)
    ours = kernel_shap(game, players, rng)
    assert np.allclose(ours.values, theirs, atol=1e-6)
    assert ours.nobody == pytest.approx(float(explainer.expected_value), abs=1e-9)

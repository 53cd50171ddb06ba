"""Gradient methods on networks whose attributions are known."""

import numpy as np
import pytest

from src.classic_cnn import Conv2D, GlobalAveragePool, MaxPool2D
from src.classic_nn import BatchNorm, Dense, ReLU, Residual, Sequential, Tanh
from src.inference.explain import (
    Score,
    expected_gradients,
    gradient,
    gradient_times_input,
    integrated_gradients,
    smooth_grad,
)
from src.inference.explain.quadrature import RULES, quadrature


def linear(rng):
    """f(x) = x w + b."""
    network = Sequential([Dense(2)])
    network.build((6,), rng, np.float64)
    network.parameters["b1"][...] = rng.normal(size=2)
    return Score(network, np.array([0.0, 1.0])), network.parameters["W1"][:, 1]


def images(rng, dtype=np.float64):
    block = Residual(Sequential([Conv2D(4), BatchNorm(), ReLU()]))
    made = Sequential([Conv2D(4), ReLU(), MaxPool2D(), block, GlobalAveragePool(), Dense(3)])
    made.build((8, 6, 3), rng, dtype)
    return Score(made, np.array([1.0, 0.0, -1.0]))


def test_a_linear_function_is_explained_exactly(rng):
    score, w = linear(rng)
    x, baseline = rng.normal(size=(2, 6))
    expected = w * (x - baseline)
    assert np.allclose(gradient(score, x).values, w)
    assert np.allclose(gradient_times_input(score, x, baseline).values, expected)
    for rule in RULES:
        for steps in (1, 2, 7):
            found = integrated_gradients(score, x, baseline, steps, rule, most_steps=steps)
            assert np.allclose(found.values, expected)
            assert found.figures["completeness_error"] < 1e-12
            assert found.figures["steps"] == steps
    assert np.allclose(smooth_grad(score, x, rng, 5).values, w)
    background = rng.normal(size=(4, 6))
    found = expected_gradients(score, x, background, rng, samples=40)
    assert np.allclose(found.values, w * (x - background.mean(axis=0)))
    assert found.figures["completeness_error"] < 1e-12


def test_the_gradient_agrees_with_finite_differences(rng):
    score, x = images(rng), rng.normal(size=(8, 6, 3))
    direction, h = rng.normal(size=x.shape), 1e-6
    slope = (score.of(x + h * direction) - score.of(x - h * direction)) / (2 * h)
    assert (gradient(score, x).values * direction).sum() == pytest.approx(slope, rel=1e-6)


def test_integrated_gradients_add_up_to_what_changes(rng):
    score, (x, baseline) = images(rng), rng.normal(size=(2, 8, 6, 3))
    found = integrated_gradients(score, x, baseline)
    change = score.of(x) - score.of(baseline)
    assert found.values.sum() == pytest.approx(change, rel=0.01)
    error = abs(found.values.sum() - change)
    assert found.figures["completeness_error"] == pytest.approx(error)
    assert found.figures["relative_error"] == pytest.approx(error / abs(change))
    assert found.figures["relative_error"] <= 0.01


def test_steps_are_doubled_until_attributions_add_up(rng):
    score, (x, baseline) = images(rng), 4 * rng.normal(size=(2, 8, 6, 3))
    coarse = integrated_gradients(score, x, baseline, steps=1, most_steps=1)
    assert coarse.figures["relative_error"] > 0.01  # else there is nothing to double for
    fine = integrated_gradients(score, x, baseline, steps=1)
    steps = fine.figures["steps"]
    assert steps > 1
    assert steps & (steps - 1) == 0
    assert fine.figures["relative_error"] <= 0.01
    quarter = integrated_gradients(score, x, baseline, steps // 4, most_steps=steps // 4)
    assert quarter.figures["relative_error"] > 0.01
    never = integrated_gradients(score, x, baseline, steps=1, tolerance=0.0, most_steps=8)
    assert never.figures["steps"] == 8


def test_what_the_network_does_not_look_at_gets_nothing(rng):
    score, (x, baseline) = images(rng), rng.normal(size=(2, 8, 6, 3))
    score.network["conv2d1"].parameters["W"][:, :, 1] = 0  # green
    for values in (
        gradient(score, x).values,
        integrated_gradients(score, x, baseline).values,
        expected_gradients(score, x, baseline[np.newaxis], rng).values,
        smooth_grad(score, x, rng).values,
    ):
        assert np.abs(values[..., 1]).max() < 1e-12
        assert np.abs(values[..., 0]).max() > 1e-3


def test_two_networks_of_one_function_are_explained_alike(rng):
    """Implementation invariance: a hidden unit divided into two halves changes nothing."""
    one, two = Sequential([Dense(3), Tanh(), Dense(1)]), Sequential([Dense(6), Tanh(), Dense(1)])
    one.build((4,), rng, np.float64)
    two.build((4,), rng, np.float64)
    for name, axis, scale in (("W1", 1, 1), ("b1", 0, 1), ("W2", 0, 0.5)):
        two.parameters[name][...] = scale * np.repeat(one.parameters[name], 2, axis=axis)
    x, baseline = rng.normal(size=(2, 4))
    scores = [Score(network, np.ones(1)) for network in (one, two)]
    first, second = (integrated_gradients(s, x, baseline).values for s in scores)
    assert np.allclose(first, second, atol=1e-12)


def test_saturation_hides_from_the_gradient_and_not_from_its_integral(rng):
    """f(x) = 1 - ReLU(1 - x), the example of Sundararajan et al. (2017, section 2.1)."""
    network = Sequential([Dense(1), ReLU(), Dense(1)])
    network.build((1,), rng, np.float64)
    for name, value in {"W1": -1, "b1": 1, "W2": -1, "b2": 1}.items():
        network.parameters[name][...] = value
    score, x, baseline = Score(network, np.ones(1)), np.array([2.0]), np.zeros(1)
    assert score.of(x) == 1
    assert gradient(score, x).values == 0
    found = integrated_gradients(score, x, baseline)
    assert found.values == pytest.approx(1.0, rel=0.01)


def test_the_noise_is_a_fraction_of_the_range(rng):
    """A constant added to the input of a network without biases' effect changes no noise."""
    network = Sequential([Dense(4), Tanh(), Dense(1)])
    network.build((3,), rng, np.float64)
    x = rng.normal(size=3)
    here = smooth_grad(Score(network, np.ones(1)), x, np.random.default_rng(0), 5).values
    network.parameters["b1"][...] -= 50 * network.parameters["W1"].sum(axis=0)
    there = smooth_grad(Score(network, np.ones(1)), x + 50, np.random.default_rng(0), 5).values
    assert np.allclose(here, there, atol=1e-9)


def test_results_do_not_depend_on_how_many_go_together(rng):
    x, baseline = rng.normal(size=(2, 8, 6, 3))
    found = []
    for memory, threads in ((1, 1), (1 << 16, 3), (256 << 20, 2)):
        score = images(np.random.default_rng(5))
        score = Score(score.network, score.weights, threads, memory)
        found.append((score.together, integrated_gradients(score, x, baseline).values))
    assert found[0][0] == 1
    assert found[2][0] > found[1][0] > 1
    assert np.allclose(found[0][1], found[1][1], rtol=1e-10)
    assert np.allclose(found[0][1], found[2][1], rtol=1e-10)


def test_threads_change_nothing(rng):
    x, baseline = rng.normal(size=(2, 8, 6, 3)).astype(np.float32)
    made = images(np.random.default_rng(5), np.float32)
    found = [
        integrated_gradients(
            Score(made.network, made.weights, threads, 1 << 15), x, baseline
        ).values
        for threads in (1, 3)
    ]
    assert np.array_equal(*found)


def test_standard_errors_are_those_of_repeated_runs(rng):
    score, x = images(rng), rng.normal(size=(8, 6, 3))
    background = rng.normal(size=(500, 8, 6, 3))
    for method in (
        lambda seed: expected_gradients(score, x, background, np.random.default_rng(seed), 60),
        lambda seed: smooth_grad(score, x, np.random.default_rng(seed), 60, 0.5),
    ):
        runs = [method(seed) for seed in range(40)]
        spread = np.std([run.values for run in runs], axis=0).mean()
        stated = np.mean([run.figures["standard_error"] for run in runs])
        assert 0.6 * stated < spread < 1.3 * stated  # strata of t make it smaller


@pytest.mark.parametrize("rule", RULES)
def test_weights_of_a_rule_add_up_to_one(rule):
    for steps in (1, 2, 3, 10, 64):
        points, weights = quadrature(rule, steps)
        assert weights.sum() == pytest.approx(1, abs=1e-14)
        assert len(points) == len(weights) == steps
        assert points.min() >= 0
        assert points.max() <= 1
        degree = 2 * steps - 1 if rule == "gauss_legendre" else 1
        assert weights @ points**degree == pytest.approx(1 / (degree + 1), abs=1e-12)


def test_there_is_no_rule_of_no_steps():
    with pytest.raises(ValueError, match="steps: expected 1 to 2,048, got 0"):
        quadrature("trapezoid", 0)
    with pytest.raises(ValueError, match="unknown rule 'simpson'"):
        quadrature("simpson", 3)

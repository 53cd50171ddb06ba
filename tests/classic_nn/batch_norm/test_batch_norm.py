import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.classic_nn.batch_norm import (
    batch_norm_backward,
    batch_norm_backward_by_steps,
    batch_norm_forward,
    batch_norm_forward_by_steps,
    batch_norm_inference,
    batch_norm_inference_backward,
    update_running_statistics,
)
from src.classic_nn.gradient_check import check_function
from tests.teams import on_team

SHAPES = [(6, 4), (3, 5, 2, 4), (2, 3, 4)]


def draw(shape, rng):
    features = shape[-1]
    return rng.normal(2, 3, shape), rng.normal(size=features), rng.normal(size=features)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("backward", [batch_norm_backward, batch_norm_backward_by_steps])
def test_both_backwards_agree_with_finite_differences(shape, backward, rng):
    x, gamma, beta = draw(shape, rng)
    check_function(
        lambda *inputs: batch_norm_forward(*inputs)[:2],
        backward,
        {"x": x, "gamma": gamma, "beta": beta},
        rng,
    ).raise_if_failed()


@given(
    shape=st.tuples(st.integers(2, 6), st.integers(1, 4), st.integers(1, 5)), seed=st.integers(0)
)
def test_long_chain_and_closed_form_are_equal(shape, seed):
    rng = np.random.default_rng(seed)
    inputs = draw(shape, rng)
    y, cache, _, _ = batch_norm_forward(*inputs)
    assert np.allclose(y, batch_norm_forward_by_steps(*inputs), rtol=1e-9, atol=1e-9)
    dy = rng.normal(size=shape)
    closed, chain = batch_norm_backward(dy, cache), batch_norm_backward_by_steps(dy, cache)
    for ours, theirs in zip(closed, chain, strict=True):
        assert np.allclose(ours, theirs, rtol=1e-9, atol=1e-9 * np.abs(theirs).max())


def test_inference_backward_agrees_with_finite_differences(rng):
    x, gamma, beta = draw((4, 3), rng)
    mean, variance = rng.normal(size=3), rng.random(3) + 0.5
    check_function(
        lambda x, gamma, beta: batch_norm_inference(x, gamma, beta, mean, variance),
        batch_norm_inference_backward,
        {"x": x, "gamma": gamma, "beta": beta},
        rng,
    ).raise_if_failed()


@pytest.mark.parametrize("shape", SHAPES)
def test_output_has_the_wanted_mean_and_deviation(shape, rng):
    x, gamma, beta = draw(shape, rng)
    y, cache, mean, variance = batch_norm_forward(x, gamma, beta, epsilon=0)
    axes = tuple(range(x.ndim - 1))
    assert np.allclose(y.mean(axis=axes), beta)
    assert np.allclose(y.std(axis=axes), np.abs(gamma))
    assert np.allclose(mean, x.mean(axis=axes))
    assert np.allclose(variance, x.var(axis=axes))
    assert cache.positions == x.size // x.shape[-1]


def test_worked_example_by_hand():
    """x = 1, 3: mean 2, variance 1, x_hat = -1, 1 (epsilon 0); y = 10 * x_hat + 5."""
    y, _, _, _ = batch_norm_forward(
        np.array([[1.0], [3.0]]), np.array([10.0]), np.array([5.0]), epsilon=0
    )
    assert y.tolist() == [[-5.0], [15.0]]


def test_variance_survives_a_large_mean(rng):
    """E[x^2] - E[x]^2 in float32 would lose everything here."""
    x = (1000 + rng.normal(0, 0.1, (64, 1))).astype(np.float32)
    _, _, _, variance = batch_norm_forward(x, np.ones(1, np.float32), np.zeros(1, np.float32))
    assert variance[0] == pytest.approx(x.astype(np.float64).var(), rel=1e-3)


def test_running_statistics_keep_momentum_and_take_the_unbiased_variance():
    mean, variance = np.array([1.0]), np.array([1.0])
    update_running_statistics(mean, variance, np.array([3.0]), np.array([6.0]), 4, momentum=0.75)
    assert mean[0] == pytest.approx(0.75 * 1 + 0.25 * 3)
    assert variance[0] == pytest.approx(0.75 * 1 + 0.25 * 6 * 4 / 3)


@pytest.mark.parametrize("workers", [2, 3, 5])
def test_workers_share_the_statistics_of_the_whole_mini_batch(workers, rng):
    """Seven samples on up to five workers: shares are uneven."""
    x, gamma, beta = draw((7, 4), rng)
    dy = rng.normal(size=x.shape)
    y, cache, mean, variance = batch_norm_forward(x, gamma, beta)
    dx, dgamma, dbeta = batch_norm_backward(dy, cache)

    def one_worker(worker, x_shard, dy_shard):
        y, cache, mean, variance = batch_norm_forward(x_shard, gamma, beta, communicator=worker)
        return y, mean, variance, *batch_norm_backward(dy_shard, cache, worker)

    results = on_team(workers, one_worker, x, dy)
    ys, means, variances, dxs, dgammas, dbetas = zip(*results, strict=True)
    assert np.allclose(np.concatenate(ys), y, rtol=1e-12)
    assert np.allclose(np.concatenate(dxs), dx, rtol=1e-10, atol=1e-12)
    assert np.allclose(sum(dgammas), dgamma)
    assert np.allclose(sum(dbetas), dbeta)
    assert all(np.allclose(m, mean) for m in means)
    assert all(np.allclose(v, variance) for v in variances)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_the_variance_of_workers_survives_a_large_mean(workers, rng):
    x = (1000 + rng.normal(0, 0.1, (64, 1))).astype(np.float32)
    x[:20] += 0.3  # the workers' means differ
    expected = x.astype(np.float64).var()
    one, zero = np.ones(1, np.float32), np.zeros(1, np.float32)

    def variance(worker, shard):
        return batch_norm_forward(shard, one, zero, communicator=worker)[3][0]

    assert on_team(workers, variance, x) == pytest.approx([expected] * workers, rel=2e-3)


def test_a_mini_batch_of_one_leaves_the_running_variance_alone():
    mean, variance = np.array([1.0]), np.array([1.0])
    update_running_statistics(mean, variance, np.array([3.0]), np.array([0.0]), 1, momentum=0.5)
    assert (mean[0], variance[0]) == (2.0, 1.0)

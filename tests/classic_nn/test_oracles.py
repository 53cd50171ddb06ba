"""The library's fast versions against loops, for any shape."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.classic_nn.batch_norm import batch_norm_forward
from src.classic_nn.layers import linear_backward, linear_forward
from src.classic_nn.loss import binary_cross_entropy, softmax_cross_entropy
from tests.classic_nn import oracles

sizes = st.integers(1, 6)
seeds = st.integers(0, 2**32)


@given(samples=sizes, inputs=sizes, outputs=sizes, seed=seeds)
def test_linear(samples, inputs, outputs, seed):
    rng = np.random.default_rng(seed)
    a, W = rng.normal(size=(samples, inputs)), rng.normal(size=(inputs, outputs))
    b, dz = rng.normal(size=outputs), rng.normal(size=(samples, outputs))
    z, cache = linear_forward(a, W, b)
    assert np.allclose(z, oracles.linear(a, W, b), rtol=1e-10, atol=1e-12)
    expected = oracles.linear_gradients(dz, a, W)
    for ours, theirs in zip(linear_backward(dz, cache), expected, strict=True):
        assert np.allclose(ours, theirs, rtol=1e-10, atol=1e-12)


@given(samples=sizes, features=sizes, epsilon=st.sampled_from([1e-5, 0.1]), seed=seeds)
def test_batch_norm(samples, features, epsilon, seed):
    rng = np.random.default_rng(seed)
    x, (gamma, beta) = rng.normal(1, 2, (samples, features)), rng.normal(size=(2, features))
    y, *_ = batch_norm_forward(x, gamma, beta, epsilon)
    assert np.allclose(y, oracles.batch_norm(x, gamma, beta, epsilon), rtol=1e-10, atol=1e-10)


@given(samples=sizes, labels=sizes, seed=seeds)
def test_binary_cross_entropy(samples, labels, seed):
    rng = np.random.default_rng(seed)
    z, y = rng.normal(size=(samples, labels)), rng.random((samples, labels))
    ours, _ = binary_cross_entropy(z, y)
    assert ours == pytest.approx(oracles.binary_cross_entropy(z, y), rel=1e-10)


@given(samples=sizes, classes=sizes, seed=seeds)
def test_softmax_cross_entropy(samples, classes, seed):
    rng = np.random.default_rng(seed)
    z, y = rng.normal(size=(samples, classes)), rng.integers(classes, size=samples)
    ours, _ = softmax_cross_entropy(z, y)
    assert ours == pytest.approx(oracles.softmax_cross_entropy(z, y), rel=1e-10, abs=1e-12)

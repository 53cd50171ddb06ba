"""A ReLU that the layer before it applies: the network stays what it is, in fewer passes."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from src.classic_cnn import Conv2D
from src.classic_nn import (
    BatchNorm,
    Dense,
    ReLU,
    ReLU6,
    Sequential,
    check_layer,
)
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.layers import sequential
from src.classic_nn.layers.trace import trace_network
from src.common.kernels import KERNELS

LAYERS = {
    "batch norm": lambda: [Conv2D(16), BatchNorm(), ReLU(), Conv2D(16, 1), BatchNorm(), ReLU6()],
    "bias": lambda: [Conv2D(16), ReLU(), Conv2D(16, padding="valid"), ReLU6(), Conv2D(2), ReLU()],
    "depthwise": lambda: [Conv2D(3, groups=3), ReLU6(), Conv2D(6, groups=3, stride=2), ReLU()],
    "one and none": lambda: [BatchNorm(), ReLU(), ReLU(), Conv2D(16, 1, bias=False), ReLU6()],
}


@pytest.fixture
def fused(monkeypatch):
    """As where loops are compiled, also where they are not: NumPy's form has the same arguments."""
    monkeypatch.setattr(sequential, "KERNELS", "numba")


def build(name, dtype=np.float64):
    network = Sequential(LAYERS[name]())
    network.build((9, 8, 3), np.random.default_rng(1), dtype)
    rng = np.random.default_rng(2)
    network.parameters.vector[...] += rng.normal(size=network.parameters.vector.size) / 3
    return network


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_outputs_gradients_and_statistics_are_the_same(name, training, fused, monkeypatch, rng):
    x = rng.normal(size=(4, 9, 8, 3))
    context = Context(training=training)
    results = []
    for kernels in ("numba", "numpy"):
        monkeypatch.setattr(sequential, "KERNELS", kernels)
        network = build(name)
        assert bool(network._ceilings) is (kernels == "numba")
        y, cache = network.forward(x, context)
        assert any(one is sequential.FUSED for one in cache) is (kernels == "numba")
        dy = np.random.default_rng(3).normal(size=y.shape)
        dx, gradients = network.backward(dy, cache, context)
        results.append([y, dx, gradients.vector, *network.buffers.values()])
    for one, other in zip(*results, strict=True):
        assert np.allclose(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_agree_with_finite_differences(name, fused, rng):
    check_layer(build(name), rng.normal(size=(2, 9, 8, 3)), rng, max_elements=40).raise_if_failed()


@pytest.mark.parametrize("name", LAYERS)
def test_who_looks_sees_two_layers(name, fused, rng):
    network = build(name)
    seen = []
    context = Context(observer=lambda layer, y: seen.append((layer.name, y)))
    x = rng.normal(size=(2, 9, 8, 3))
    observed, cache = network.forward(x, context)
    assert [name for name, _ in seen] == [layer.name for layer in network.layers]
    assert not any(one is sequential.FUSED for one in cache)
    assert np.allclose(observed, network.forward(x, replace(context, observer=None))[0], rtol=1e-12)
    for (layer, y), (_, after) in pairwise(seen):
        if not layer.startswith("relu"):
            assert (y < 0).any() or (after >= 0).all()  # what comes before the ReLU, not after it
    assert len(trace_network(network)) == len(network.layers) + 1
    assert network.summary().count("relu") == sum("relu" in one.name for one in network.layers)


def test_a_relu_after_another_layer_stands_for_itself(fused):
    network = Sequential([Dense(3), ReLU(), ReLU()])
    network.build((4,), np.random.default_rng(0))
    assert network._ceilings == {}


def test_a_batch_norm_in_numpy_applies_the_relu_too(rng):
    """NumPy's form is taken for arrays of several types."""
    network = build("batch norm", np.float32)
    y, cache = network.forward(rng.normal(size=(2, 9, 8, 3)), Context(training=True))
    assert y.dtype == np.float64
    assert y.min() >= 0
    assert y.max() <= 6
    dx, _ = network.backward(np.ones_like(y), cache, Context(training=True))
    assert np.isfinite(dx).all()


def test_fusing_needs_compiled_loops():
    network = build("batch norm")
    assert bool(network._ceilings) is (KERNELS == "numba")


def test_a_subclass_keeps_its_own_passes(fused, rng):
    class Halved(ReLU):
        def derive(self, dy, saved):
            return super().derive(dy, saved) / 2

    class Louder(BatchNorm):
        def forward(self, x, context=EVALUATION):
            y, cache = super().forward(x, context)
            return 2 * y, cache

    network = Sequential([Conv2D(4), Halved(), Louder(), ReLU()])
    network.build((5, 5, 3), np.random.default_rng(0), np.float64)
    assert network._ceilings == {}

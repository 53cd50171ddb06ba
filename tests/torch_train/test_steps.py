"""Losses, and twenty steps of each optimizer: both go the same way."""

import numpy as np
import pytest

from src.classic_cnn import Conv2D, GlobalAveragePool, MaxPool2D
from src.classic_nn import (
    BatchNorm,
    BinaryCrossEntropy,
    Context,
    Dense,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
)
from src.classic_nn.loss import MeanSquaredError
from src.classic_nn.optimizers import create_optimizer

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")

from src.torch_train.losses import torch_loss  # noqa: E402
from src.torch_train.module import to_torch, trained_tensors  # noqa: E402
from src.torch_train.optimizers import create_twin  # noqa: E402

LOSSES = {
    "binary": (BinaryCrossEntropy(), "labels"),
    "binary with weights": (BinaryCrossEntropy((0.5, 2.0, 1.0), (1.0, 3.0, 2.0)), "labels"),
    "binary, one cost of a miss": (BinaryCrossEntropy(pos_weight=2.5), "labels"),
    "softmax": (SoftmaxCrossEntropy(), "classes"),
    "softmax of distributions": (SoftmaxCrossEntropy(), "distributions"),
    "softmax with weights and smoothing": (SoftmaxCrossEntropy(0.1, (0.5, 2.0, 1.0)), "classes"),
    "squared": (MeanSquaredError(), "labels"),
}


def targets(kind, rng):
    if kind == "classes":
        return rng.integers(3, size=6)
    values = rng.random((6, 3))
    return values / values.sum(1, keepdims=True) if kind == "distributions" else np.round(values)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_losses_and_their_gradients(name, weighted, rng):
    loss, kind = LOSSES[name]
    z, y = rng.normal(size=(6, 3)), targets(kind, rng)
    s = rng.random(6) if weighted else None
    ours, cache = loss.forward(z, y, s)
    tz = torch.tensor(z, requires_grad=True)
    ts = None if s is None else torch.tensor(s)
    theirs = torch_loss(loss, tz, torch.tensor(y), ts)
    theirs.backward()
    assert theirs.item() == pytest.approx(ours, rel=1e-12)
    np.testing.assert_allclose(tz.grad, loss.backward(cache), rtol=1e-10, atol=1e-14)


OPTIMIZERS = {
    "sgd": {},
    "momentum": {"beta": 0.8},
    "nesterov": {"beta": 0.8},
    "rms_prop": {},
    "adam": {},
    "adamw": {"weight_decay": 0.1},
    "radam": {},
}


def network(rng):
    layers = {"conv": Conv2D(4, bias=False), "bn": BatchNorm(), "relu": ReLU(), "pool": MaxPool2D()}
    made = Sequential({**layers, "mean": GlobalAveragePool(), "head": Dense(3)})
    made.build((6, 6, 2), rng, np.float64)
    return made


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_twenty_steps_go_the_same_way(name, rng):
    made = network(rng)
    loss = SoftmaxCrossEntropy()
    ours = create_optimizer(name, learning_rate=0.02, **OPTIMIZERS[name])
    theirs = create_optimizer(name, learning_rate=0.02, **OPTIMIZERS[name])
    for optimizer in (ours, theirs):
        optimizer.rate_factors = {"conv": 0.1}
    module = to_torch(made).train()
    twin = create_twin(theirs, trained_tensors(module, made))
    for step in range(20):
        x, y = rng.normal(size=(8, 6, 6, 2)), rng.integers(3, size=8)
        ours.learning_rate = theirs.learning_rate = 0.02 * 0.9**step  # as a schedule does
        context = Context(training=True)
        z, caches = made.forward(x, context)
        value, cache = loss.forward(z, y)
        _, gradients = made.backward(loss.backward(cache), caches, context)
        ours.step(made.parameters, gradients)
        found = torch_loss(loss, module(torch.tensor(x)), torch.tensor(y))
        module.zero_grad()
        found.backward()
        twin.step()
        assert found.item() == pytest.approx(value, rel=1e-8), step
    assert theirs.step_count == 20


def test_an_optimizer_of_somebody_else_is_named():
    from dataclasses import dataclass

    from src.classic_nn.optimizers import Optimizer

    @dataclass
    class Own(Optimizer):
        pass

    with pytest.raises(ValueError, match="no optimizer of PyTorch for Own"):
        create_twin(Own(), {"W": torch.zeros(2, requires_grad=True)})

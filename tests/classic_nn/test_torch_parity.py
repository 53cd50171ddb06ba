"""The same numbers as PyTorch: activations, losses, batch normalization, optimizers, schedules.

Skipped without the extra ``torch``. Everything is compared in float64.
"""

import numpy as np
import pytest

from src.classic_nn import BatchNorm, Context, SoftmaxCrossEntropy, math
from src.classic_nn.loss import (
    binary_cross_entropy,
    binary_cross_entropy_backward,
    mean_squared_error,
    mean_squared_error_backward,
    softmax_cross_entropy,
    softmax_cross_entropy_backward,
)
from src.classic_nn.optimizers import create_optimizer
from src.classic_nn.parameters import ParameterVector
from src.classic_nn.schedules import ReduceLROnPlateau, create_schedule

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
F = torch.nn.functional


def leaf(array):
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


ACTIVATIONS = {
    "sigmoid": (math.sigmoid, math.sigmoid_backward, "y", torch.sigmoid),
    "relu": (math.relu, math.relu_backward, "y", torch.relu),
    "leaky_relu": (math.leaky_relu, math.leaky_relu_backward, "z", F.leaky_relu),
    "tanh": (math.tanh, math.tanh_backward, "y", torch.tanh),
    "silu": (math.silu, math.silu_backward, "z", F.silu),
    "relu6": (math.relu6, math.relu6_backward, "y", F.relu6),
    "hard_swish": (math.hard_swish, math.hard_swish_backward, "z", F.hardswish),
    "softmax": (math.softmax, math.softmax_backward, "y", lambda z: F.softmax(z, dim=-1)),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name, rng):
    forward, backward, reads, theirs = ACTIVATIONS[name]
    z, dy = 5 * rng.normal(size=(2, 4, 6))
    z[0] = 0  # the slope at a kink is a convention
    z[1, :3] = [-3, 3, 6]
    y, t = forward(z), leaf(z)
    expected = theirs(t)
    expected.backward(torch.tensor(dy))
    assert np.allclose(y, expected.detach(), rtol=1e-12, atol=1e-14)
    dz = backward(dy, y if reads == "y" else z)
    assert np.allclose(dz, t.grad, rtol=1e-10, atol=1e-14)


def compare_loss(ours, gradient, theirs, t):
    theirs.backward()
    assert ours == pytest.approx(theirs.item(), rel=1e-12)
    assert np.allclose(gradient, t.grad, rtol=1e-10, atol=1e-14)


def test_binary_cross_entropy_with_class_weights(rng):
    z, y, w = rng.normal(size=(5, 3)), (rng.random((5, 3)) < 0.5) * 1.0, rng.random(3)
    t = leaf(z)
    ours, cache = binary_cross_entropy(z, y, w)
    theirs = F.binary_cross_entropy_with_logits(t, torch.tensor(y), torch.tensor(w))
    compare_loss(ours, binary_cross_entropy_backward(cache), theirs, t)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weighted", [False, True])
def test_softmax_cross_entropy_with_smoothing_and_class_weights(smoothing, weighted, rng):
    z, y = rng.normal(size=(6, 4)), rng.integers(4, size=6)
    w = rng.random(4) + 0.1 if weighted else None
    t = leaf(z)
    ours, cache = softmax_cross_entropy(z, y, smoothing, w)
    theirs = F.cross_entropy(
        t,
        torch.tensor(y),
        weight=None if w is None else torch.tensor(w),
        label_smoothing=smoothing,
    )
    compare_loss(ours, softmax_cross_entropy_backward(cache), theirs, t)


def test_softmax_cross_entropy_of_distributions(rng):
    z, y = rng.normal(size=(6, 4)), rng.dirichlet(np.ones(4), 6)
    t = leaf(z)
    ours, cache = SoftmaxCrossEntropy().forward(z, y)
    theirs = F.cross_entropy(t, torch.tensor(y))
    compare_loss(ours, SoftmaxCrossEntropy().backward(cache), theirs, t)


def test_mean_squared_error(rng):
    z, y = rng.normal(size=(2, 5, 3))
    t = leaf(z)
    ours, cache = mean_squared_error(z, y)
    compare_loss(ours, mean_squared_error_backward(cache), F.mse_loss(t, torch.tensor(y)), t)


def test_batch_norm_in_training_and_evaluation_with_running_statistics(rng):
    layer, theirs = BatchNorm(momentum=0.9, epsilon=1e-5), torch.nn.BatchNorm1d(4, momentum=0.1)
    layer.build((4,), rng, np.float64)
    theirs = theirs.double()
    gamma, beta = rng.normal(size=(2, 4))
    layer.parameters["gamma"], layer.parameters["beta"] = gamma, beta
    with torch.no_grad():
        theirs.weight.copy_(torch.tensor(gamma))
        theirs.bias.copy_(torch.tensor(beta))
    for training in (True, True, False):
        theirs.train(training)
        x, dy = 3 * rng.normal(size=(2, 6, 4)) + 1
        context = Context(training=training)
        t = leaf(x)
        expected = theirs(t)
        theirs.zero_grad()
        expected.backward(torch.tensor(dy))
        y, cache = layer.forward(x, context)
        dx, gradients = layer.backward(dy, cache, context)
        for ours, other in (
            (y, expected.detach()),
            (dx, t.grad),
            (gradients["gamma"], theirs.weight.grad),
            (gradients["beta"], theirs.bias.grad),
            (layer.buffers["running_mean"], theirs.running_mean),
            (layer.buffers["running_variance"], theirs.running_var),
        ):
            assert np.allclose(ours, other, rtol=1e-10, atol=1e-12)


OPTIMIZERS = {
    "sgd": (lambda p, lr: torch.optim.SGD(p, lr=lr), {}),
    # PyTorch adds whole gradients to the velocity: a tenth of the rate is the same path
    "momentum": (lambda p, lr: torch.optim.SGD(p, lr=lr / 10, momentum=0.9), {}),
    "nesterov": (lambda p, lr: torch.optim.SGD(p, lr=lr / 10, momentum=0.9, nesterov=True), {}),
    "rms_prop": (lambda p, lr: torch.optim.RMSprop(p, lr=lr, alpha=0.9), {}),
    "adam": (lambda p, lr: torch.optim.Adam(p, lr=lr), {}),
    "adamw": (lambda p, lr: torch.optim.AdamW(p, lr=lr, weight_decay=0.1), {"weight_decay": 0.1}),
    "radam": (lambda p, lr: torch.optim.RAdam(p, lr=lr), {}),
}


@pytest.mark.parametrize("lr", [1e-3, 0.5])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_over_100_steps(name, lr, rng):
    make, settings = OPTIMIZERS[name]
    start = rng.normal(size=20)
    ours = ParameterVector.pack({"W": start}, np.float64)
    theirs = torch.tensor(start, requires_grad=True)
    optimizer, reference = (
        create_optimizer(name, learning_rate=lr, **settings),
        make([theirs], lr),
    )
    for step in range(100):
        g = rng.normal(size=20) * 10 ** rng.uniform(-3, 1)
        optimizer.step(ours, ParameterVector({"W": (20,)}, g))
        theirs.grad = torch.tensor(g)
        reference.step()
        assert np.allclose(ours.vector, theirs.detach(), rtol=1e-9, atol=1e-10), step


def test_plateau_schedule(rng):
    parameter = torch.nn.Parameter(torch.zeros(1))
    reference = torch.optim.SGD([parameter], lr=1.0)
    settings = {"factor": 0.5, "patience": 2, "threshold": 0.01, "min_lr": 0.05}
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(reference, **settings)
    ours = ReduceLROnPlateau(1.0, **settings)
    for cost in np.concatenate([np.linspace(3, 1, 10), 1 + 0.1 * rng.random(40)]):
        theirs.step(cost)
        ours.observe(cost)
        assert ours(0) == pytest.approx(reference.param_groups[0]["lr"])


def test_cosine_schedule():
    parameter = torch.nn.Parameter(torch.zeros(1))
    reference = torch.optim.SGD([parameter], lr=0.3)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(reference, T_max=20, eta_min=0.01)
    ours = create_schedule("cosine", learning_rate=0.3, epochs=20, minimum=0.01)
    for epoch in range(20):
        assert ours(epoch) == pytest.approx(reference.param_groups[0]["lr"], rel=1e-9)
        reference.step()
        theirs.step()

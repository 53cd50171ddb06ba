"""Networks as modules: the same outputs, gradients and running statistics, and weights back."""

import numpy as np
import pytest

from src.classic_cnn import AveragePool2D, Conv2D, GlobalAveragePool, MaxPool2D
from src.classic_cnn.layers import Resize2D
from src.classic_nn import (
    BatchNorm,
    Context,
    Dense,
    Dropout,
    Flatten,
    LeakyReLU,
    ReLU,
    Sequential,
)
from src.classic_nn.layers import copy_network
from tests.classic_nn.layers.test_all_layers import CASES

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")

from src.torch_train.module import from_torch, to_torch  # noqa: E402

SAMPLES = 4

MORE = {
    "leaky relu": (lambda: LeakyReLU(0.2), (5,)),
    "max pooling padded by more than half": (lambda: MaxPool2D(3, 1, 2), (4, 5, 2)),
    "max pooling with another end": (lambda: MaxPool2D(3, 2, ((0, 1), (1, 2))), (6, 5, 2)),
    "average pooling that completes its windows": (lambda: AveragePool2D(3, 2, "ceil"), (6, 4, 2)),
    "average pooling with another end": (
        lambda: AveragePool2D(2, 2, ((0, 1), (1, 0)), count_padding=False),
        (5, 5, 3),
    ),
    "resizing to less": (lambda: Resize2D((2, 3), "nearest"), (5, 7, 2)),
    "flattened maps": (
        lambda: Sequential([Conv2D(3, 3), ReLU(), MaxPool2D(2), Flatten(), Dense(4)]),
        (6, 4, 2),
    ),
}
ALL = {name: case for name, case in {**CASES, **MORE}.items() if len(case[1]) in (1, 3)}


def built(make, shape, rng):
    layer = make()
    network = layer if isinstance(layer, Sequential) else Sequential([layer])
    network.build(shape, rng, np.float64)
    for array in network.buffers.values():
        array[...] = rng.uniform(0.5, 1.5, array.shape)
    for array in network.parameters.values():
        array[...] += 0.1 * rng.normal(size=array.shape)
    return network


def gradients_of(module, network):
    """Theirs, in a copy of the network."""
    held = copy_network(network)
    for parameter in module.parameters():
        parameter.data, parameter.grad = parameter.grad, None
    from_torch(module, held)
    return held.parameters.vector


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", ALL)
def test_outputs_and_gradients_are_the_same(name, training, rng):
    make, shape = ALL[name]
    network = built(make, shape, rng)
    if training and any(getattr(one, "rate", 0) for one in network.descendants()):
        pytest.skip("each draws numbers of its own")
    module = to_torch(network).train(training)
    x = rng.normal(size=(SAMPLES, *shape))
    context = Context(training=training)
    y, caches = network.forward(x, context)
    dy = rng.normal(size=y.shape)
    dx, gradients = network.backward(dy, caches, context)
    tx = torch.tensor(x, requires_grad=True)
    ty = module(tx)
    assert ty.shape == y.shape
    np.testing.assert_allclose(ty.detach(), y, rtol=1e-10, atol=1e-12)
    ty.backward(torch.tensor(dy))
    np.testing.assert_allclose(tx.grad, dx, rtol=1e-10, atol=1e-11)
    statistics = {k: v.copy() for k, v in network.buffers.items()}
    from_torch(module, network)
    for key, array in network.buffers.items():  # which training has moved
        np.testing.assert_allclose(array, statistics[key], rtol=1e-10)
    if network.parameters.vector.size:
        theirs = gradients_of(module, network)
        np.testing.assert_allclose(theirs, gradients.vector, rtol=1e-9, atol=1e-10)


def test_weights_go_there_and_back_bit_for_bit(rng):
    network = built(*ALL["residual with a projection"], rng)
    network.layers[0].body.layers[0].freeze()
    module = to_torch(network)
    other = copy_network(network)
    other.parameters.vector[...] = 0
    from_torch(module, other)
    for name, array in {**network.parameters, **network.frozen, **network.buffers}.items():
        held = {**other.parameters, **other.frozen, **other.buffers}[name]
        np.testing.assert_array_equal(held, array)


def test_frozen_layers_are_not_trained_and_compute_as_in_evaluation(rng):
    network = built(
        lambda: Sequential(
            {
                "body": Sequential([Conv2D(4), BatchNorm(), Dropout(0.5)]),
                "pool": GlobalAveragePool(),
                "head": Dense(2),
            }
        ),
        (5, 5, 3),
        rng,
    )
    network.freeze(until="body")
    module = to_torch(network).train()
    x = rng.normal(size=(3, 5, 5, 3))
    y = network.forward(x, Context(training=True))[0]
    np.testing.assert_allclose(module(torch.tensor(x)).detach(), y, rtol=1e-12)
    trained = [p for p in module.parameters() if p.requires_grad]
    assert sum(p.numel() for p in trained) == network.parameters.vector.size


def test_dropout_keeps_the_mean_and_drops_what_it_should(rng):
    network = built(lambda: Sequential([Dropout(0.25)]), (2000,), rng)
    module = to_torch(network).train()
    torch.manual_seed(0)
    y = module(torch.ones(50, 2000, dtype=torch.float64))
    assert set(np.unique(y)) == {0.0, 1 / 0.75}
    assert float((y == 0).double().mean()) == pytest.approx(0.25, abs=0.01)
    network = built(*ALL["spatial dropout"], rng)
    y = to_torch(network).train()(torch.ones(500, 3, 2, 4, dtype=torch.float64))
    assert (y.flatten(1, 2).std(1) == 0).all()  # a whole map of a sample


def test_images_are_not_copied_at_the_border(rng):
    network = built(*ALL["convolution"], rng)
    x = torch.tensor(rng.normal(size=(2, 5, 4, 2)))
    assert x.permute(0, 3, 1, 2).is_contiguous(memory_format=torch.channels_last)
    assert to_torch(network)(x).is_contiguous()


def test_another_network_is_refused(rng):
    first, second = (built(*ALL[name], rng) for name in ("convolution", "batch norm"))
    with pytest.raises(ValueError, match="made of another network"):
        from_torch(to_torch(first), second)


def test_a_layer_without_translation_is_named(rng):
    from src.classic_cnn.quantized import FakeQuantization

    network = Sequential([Dense(3), FakeQuantization()])
    network.build((2,), rng)
    with pytest.raises(ValueError, match=r"fakequantization1: there is no module .*FakeQuant"):
        to_torch(network)


def test_samples_of_other_shapes_are_refused(rng):
    network = Sequential([BatchNorm()])
    network.build((3, 4), rng)
    with pytest.raises(ValueError, match="expected samples of features, or images"):
        to_torch(network)

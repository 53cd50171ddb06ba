import numpy as np
import pytest

from src.classic_cnn.architectures import create_network
from src.classic_cnn.fold_batch_norm import fold_batch_norm, without_batch_norm
from src.classic_nn import BatchNorm, Dense, ReLU, Sequential
from src.classic_nn.context import PREDICTION
from src.classic_nn.layers import copy_network


def randomized(network, rng):
    for name, array in {**network.parameters, **network.buffers}.items():
        if name.endswith(("gamma", "running_variance")):
            array[...] = rng.uniform(0.5, 1.5, array.shape)
        elif name.endswith(("beta", "b", "running_mean")):
            array[...] = rng.normal(0, 0.1, array.shape)
    return network


@pytest.mark.parametrize(
    ("name", "side", "left"),
    [
        *(("resnet18", 32, 0), ("resnet50_v1", 32, 0), ("vgg11_bn", 32, 0)),
        *(("mobilenet_v2", 32, 0), ("efficientnet_b0", 32, 0), ("inception_v3", 75, 0)),
        ("resnet50_v2", 32, 17),  # before a convolution: of each block and of the end
    ],
)
def test_outputs_are_the_same(name, side, left, rng):
    network = create_network(name, classes=5)
    network.build((side, side, 3), rng, np.float64)
    randomized(network, rng)
    network.freeze(until=network.layers[0].name)
    x = rng.normal(size=(2, side, side, 3))
    expected = network.forward(x, PREDICTION)[0]
    folded = fold_batch_norm(network)
    found = folded.forward(x, PREDICTION)[0]
    assert np.abs(found - expected).max() <= 1e-11 * np.abs(expected).max()
    kinds = [type(layer) for layer in folded.descendants()]
    assert kinds.count(BatchNorm) == left
    assert (network.forward(x, PREDICTION)[0] == expected).all()  # and stays as it was


def test_single_precision_loses_nothing(rng):
    network = create_network("mobilenet_v2", classes=5)
    network.build((64, 64, 3), rng)
    randomized(network, rng)
    x = rng.normal(size=(2, 64, 64, 3)).astype(np.float32)
    exact = copy_network(network, np.float64).forward(x.astype(np.float64), PREDICTION)[0]
    errors = [
        np.abs(made.forward(x, PREDICTION)[0] - exact).max()
        for made in (network, fold_batch_norm(network))
    ]
    assert errors[1] <= 2 * errors[0]
    assert errors[1] <= 5e-5 * np.abs(exact).max()  # weights at random make small errors larger


def test_dense_layers_too(rng):
    network = Sequential([Dense(4, bias=False), BatchNorm(), ReLU(), BatchNorm(), Dense(2)])
    network.build((3,), rng, np.float64)
    randomized(network, rng)
    folded = fold_batch_norm(network)
    assert [type(layer).__name__ for layer in folded.layers] == [
        "Dense",
        "ReLU",
        "BatchNorm",
        "Dense",
    ]
    x = rng.normal(size=(6, 3))
    assert np.allclose(folded.forward(x)[0], network.forward(x)[0], rtol=1e-12)


def test_the_architecture_alone():
    folded = without_batch_norm(create_network("resnet18"))
    folded.build((32, 32, 3), None)
    assert "conv1.b" in folded.parameters
    assert not folded.buffers


def test_a_network_that_is_not_built():
    with pytest.raises(ValueError, match="no parameters yet"):
        fold_batch_norm(create_network("resnet18"))

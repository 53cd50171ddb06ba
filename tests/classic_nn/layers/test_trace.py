import numpy as np
import pytest

from src.classic_cnn import Conv2D, GlobalAveragePool
from src.classic_nn import BatchNorm, Dense, Flatten, ReLU, Sequential, Sigmoid
from src.classic_nn.layers import Parallel, Residual, SqueezeExcitation, trace_network


def excitation(channels):
    return Sequential([Dense(2), ReLU(), Dense(channels), Sigmoid()])


def network_of_all_containers():
    stem = Sequential([Conv2D(3), BatchNorm(), SqueezeExcitation(excitation(3))])
    branches = Parallel([Sequential([Conv2D(2)]), Conv2D(5, 1)])
    return Sequential([Residual(stem), branches, Residual(Conv2D(4), Conv2D(4, 1)), Flatten()])


JOINS = {
    "Add": lambda a, b: a + b,
    "Concatenate": lambda *parts: np.concatenate(parts, axis=-1),
    "Mean": lambda x: x.mean(axis=tuple(range(1, x.ndim - 1))),
    "Multiply": lambda x, e: x * e[:, None, None, :],
}


@pytest.mark.parametrize(
    "network",
    [
        network_of_all_containers(),
        Sequential([Conv2D(2), Flatten(), Dense(3)]),
        Residual(Conv2D(3)),
        Parallel([Conv2D(2), Sequential([Conv2D(1), GlobalAveragePool()])][:1]),
        SqueezeExcitation(excitation(3)),
    ],
    ids=["all containers", "chain", "a residual alone", "a branch alone", "excitation alone"],
)
def test_computing_node_by_node_is_the_networks_forward(network, rng):
    network.build((6, 6, 3), rng, np.float64)
    x = rng.normal(size=(2, 6, 6, 3))
    outputs = {}
    for path, operation, inputs, shape, layer in trace_network(network):
        taken = [outputs[name] for name in inputs]  # a KeyError: not after what it takes
        if operation == "Input":
            y = x
        elif layer is None:
            y = JOINS[operation](*taken)
        else:
            assert operation == type(layer).__name__
            y = layer.forward(*taken)[0]
        assert y.shape[1:] == shape, path
        assert path not in outputs
        outputs[path] = y
    assert np.array_equal(y, network.forward(x)[0])


def test_paths_tell_where_a_layer_is():
    network = network_of_all_containers()
    network.build((6, 6, 3), np.random.default_rng(0))
    assert [node.path for node in trace_network(network)] == [
        "input",
        "residual1.body.conv2d1",
        "residual1.body.batchnorm1",
        "residual1.body.squeezeexcitation1.mean",
        "residual1.body.squeezeexcitation1.excitation.dense1",
        "residual1.body.squeezeexcitation1.excitation.relu1",
        "residual1.body.squeezeexcitation1.excitation.dense2",
        "residual1.body.squeezeexcitation1.excitation.sigmoid1",
        "residual1.body.squeezeexcitation1.multiply",
        "residual1.add",
        "parallel1.branch1.conv2d1",
        "parallel1.branch2",
        "parallel1.concatenate",
        "residual2.body",
        "residual2.shortcut",
        "residual2.add",
        "flatten1",
    ]


def test_a_network_that_is_not_built_has_no_trace():
    with pytest.raises(ValueError, match="call build"):
        trace_network(Sequential([Dense(2)]))

"""What was exported is read back: the same layers, bit-equal weights."""

import numpy as np
import pytest

from src.classic_cnn.architectures import create_network
from src.classic_nn import Dropout, SpatialDropout, StochasticDepth
from src.classic_nn.context import PREDICTION
from src.classic_nn.layers.container import Container
from src.exchange.export import LAYOUTS, network_graph
from src.exchange.protobuf import OPSETS, model_of
from src.exchange.reading import read_file, read_network
from src.inference.quantize import Scheme, quantize_network
from tests.exchange.networks import NAMES, inputs_of, networks

onnx = pytest.importorskip("onnx", reason="needs the extra: onnx")


def back(network, tmp_path, layout="nchw", opset=17):
    path = tmp_path / "m.onnx"
    onnx.save_model(model_of(network_graph(network, layout, opset=opset), {}), path)
    return read_network(read_file(path).graph).network


def at_work(network):
    """All layers that compute something in evaluation, in their order."""
    idle = (Container, Dropout, SpatialDropout, StochasticDepth)
    return [layer for layer in network.descendants() if not isinstance(layer, idle)]


def kinds(network):
    return [type(layer).__name__ for layer in at_work(network)]


def weights(network):
    return [
        array
        for layer in at_work(network)
        for array in (*layer.parameters.values(), *layer.buffers.values())
    ]


def assert_the_same(found, network, rng, samples=5):
    ours, theirs = weights(network), weights(found)
    assert len(ours) == len(theirs)
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
    x = inputs_of(network, rng, samples)
    y, z = (n.forward(x, PREDICTION)[0] for n in (network, found))
    assert np.array_equal(y, z)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("grey", "shortcut")])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("opset", OPSETS)
def test_networks(name, layout, opset, tmp_path, rng):
    network = networks(rng)[name]
    found = back(network, tmp_path, layout, opset)
    assert kinds(found) == kinds(network)
    assert_the_same(found, network, rng)


@pytest.mark.parametrize(("name", "end"), [("grey", "Softmax"), ("shortcut", "Sigmoid")])
def test_probabilities_are_no_layer_of_the_network(name, end, tmp_path, rng):
    network = networks(rng)[name]
    path = tmp_path / "m.onnx"
    onnx.save_model(model_of(network_graph(network, opset=17), {}), path)
    found = read_network(read_file(path).graph)
    assert [type(layer).__name__ for layer in found.ending] == [end]
    assert [*kinds(found.network), end] == kinds(network)
    assert_the_same(found.network, network[:-1], rng)


@pytest.mark.parametrize(
    "name", ["resnet50", "mobilenet_v2", "inception_v3", "efficientnet_b0", "squeezenet1_1"]
)
def test_architectures(name, tmp_path, rng):
    network = create_network(name, 5)
    network.build((75, 75, 3), rng)
    found = back(network, tmp_path)
    assert kinds(found) == kinds(network)
    assert_the_same(found, network, rng, 2)


def test_weights_of_few_bits_are_read_as_what_they_stand_for(tmp_path, rng):
    network = networks(rng)["flat"]
    small = quantize_network(network, Scheme("weights", 4))
    found = back(small, tmp_path)
    x = inputs_of(network, rng)
    y, z = (n.forward(x, PREDICTION)[0] for n in (small, found))
    assert np.allclose(y, z, rtol=1e-5, atol=1e-6)

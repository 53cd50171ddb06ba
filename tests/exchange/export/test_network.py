"""Networks as graphs of ONNX say what the networks say."""

import numpy as np
import pytest

from src.classic_cnn import AveragePool2D
from src.classic_cnn.architectures import ARCHITECTURES, create_network
from src.classic_cnn.layers import Resize2D
from src.classic_cnn.quantized import IntegerLayer
from src.classic_nn import Dense, Layer, Sequential
from src.classic_nn.context import PREDICTION
from src.classic_nn.layers import LAYERS, Join
from src.classic_nn.layers.container import Container
from src.classic_nn.layers.registry import LATE
from src.exchange.export import network_graph
from src.exchange.export.layers import TRANSLATIONS, translate_layer
from src.exchange.graph import OnnxGraph
from src.exchange.protobuf import OPSETS, model_of
from src.inference.quantize import (
    Scheme,
    find_ranges,
    integers_of_aware,
    quantization_aware,
    quantize_network,
)
from src.inference.quantize.quantize import in_batches
from tests.exchange.judges import by_onnxruntime, by_reference, checked, first, last
from tests.exchange.networks import NAMES, built, inputs_of, networks

onnx = pytest.importorskip("onnx", reason="needs the extra: onnx")
pytest.importorskip("onnxruntime", reason="needs the extra: onnx")


def judges_of(name, opset=OPSETS[1]):
    """The standard's evaluator errs in old batch normalization, in sizes of padded pools, and in
    LRN where there are not as many samples as channels."""
    errs = name in ("pools", "neighbours") or opset == OPSETS[0]
    return (by_onnxruntime,) if errs else (by_onnxruntime, by_reference)


def assert_close(found, expected, tolerance):
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= tolerance * np.abs(expected).max()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("opset", [OPSETS[0], 17, OPSETS[1]])
def test_both_judges_compute_what_the_network_computes(name, opset, rng):
    network = networks(rng)[name]
    x = inputs_of(network, rng)
    expected = network.forward(x, PREDICTION)[0]
    model = checked(model_of(network_graph(network, opset=opset), {}))
    assert model.opset_import[0].version == opset
    for judge in judges_of(name, opset):
        assert_close(last(judge(model, first(x))), expected, 2e-6)


@pytest.mark.parametrize("name", ["flat", "maps", "features", "residual"])
def test_channels_may_stay_last(name, rng):
    network = networks(rng)[name]
    x = inputs_of(network, rng)
    model = checked(model_of(network_graph(network, "nhwc", opset=17), {}))
    assert_close(by_onnxruntime(model, x), network.forward(x, PREDICTION)[0], 2e-6)


def test_any_number_of_samples_goes_through(rng):
    network = networks(rng)["squeeze"]
    model = model_of(network_graph(network, opset=17), {})
    shapes = [
        [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for value in (*model.graph.input, *model.graph.output)
    ]
    assert shapes == [["samples", 3, 9, 9], ["samples", 3]]
    assert by_onnxruntime(model, first(inputs_of(network, rng, 17))).shape == (17, 3)
    assert by_onnxruntime(model, first(inputs_of(network, rng, 1))).shape == (1, 3)


def test_every_layer_has_a_translation():
    for module in set(LATE.values()):
        __import__(module)
    plain = {
        kind for kind in LAYERS.values() if not issubclass(kind, Container | IntegerLayer | Join)
    }
    assert plain <= set(TRANSLATIONS)


def test_a_layer_without_one_is_named(rng):
    class Odd(Layer):
        pass

    with pytest.raises(ValueError, match="odd1: there is no ONNX for a layer Odd"):
        network_graph(built([Dense(2), Odd()], (3,), rng))
    with pytest.raises(ValueError, match="samples of features, or images"):
        network_graph(built([Layer()], (3, 4), rng))
    wide = Sequential([Dense(2)])
    wide.build((3,), rng, np.float64)
    with pytest.raises(ValueError, match="expected a network of float32"):
        network_graph(wide)
    assert translate_layer(OnnxGraph(), Layer(), "x", (3,), "y") == "x"


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet18", "squeezenet1_1", "efficientnet_b0"])
def test_whole_architectures(name, rng):
    assert name in ARCHITECTURES
    network = create_network(name, 5)
    network.build((48, 48, 3), rng)
    x = inputs_of(network, rng, 2)
    model = checked(model_of(network_graph(network, opset=17), {}))
    expected = network.forward(x, PREDICTION)[0]
    assert_close(by_onnxruntime(model, first(x)), expected, 1e-5)


MEANS = ("pools", "windows", "neighbours")
"""Networks with means of few integers, which often lie in the middle between two."""

INTEGERS = [name for name in NAMES if name != "maps"]


@pytest.mark.parametrize("name", INTEGERS)
@pytest.mark.parametrize("form", ["qdq", "qoperator"])
@pytest.mark.parametrize("symmetric", [False, True])
def test_integers_are_the_same_integers(name, form, symmetric, rng):
    network = networks(rng)[name]
    x = inputs_of(network, rng, 12)
    scheme = Scheme("static", 8, symmetric=symmetric, method="min_max")
    small = quantize_network(network, scheme, in_batches(x))
    expected = small.forward(x, PREDICTION)[0]
    model = checked(model_of(network_graph(small, form=form, opset=19), {}))
    made_of_it = "QLinearConv" in {node.op_type for node in model.graph.node}
    assert made_of_it == (form == "qoperator" and name != "pools")  # its one product is the last
    step = np.abs(expected).max() / 100
    for judge in judges_of(name):
        difference = np.abs(judge(model, first(x)) - expected)
        # a sum that lies between two integers may be rounded to either
        assert difference.max() <= 2 * step
        if name not in MEANS:
            assert (difference < step / 100).mean() > 0.9


@pytest.mark.parametrize("kind", ["dynamic", "weights"])
@pytest.mark.parametrize("bits", [8, 4, 10])
@pytest.mark.parametrize("per_channel", [True, False])
def test_weights_of_few_bits(kind, bits, per_channel, rng):
    network = networks(rng)["flat"]
    x = inputs_of(network, rng, 1)
    if kind == "dynamic" and bits > 8:
        return
    small = quantize_network(network, Scheme(kind, bits, per_channel))
    model = checked(model_of(network_graph(small, opset=17), {}))
    assert_close(by_onnxruntime(model, first(x)), small.forward(x, PREDICTION)[0], 2e-6)
    samples = model.graph.input[0].type.tensor_type.shape.dim[0]
    assert (samples.dim_value == 1) == (kind == "dynamic")  # ranges are those of one sample
    kinds = {array.name: array.data_type for array in model.graph.initializer}
    wide = onnx.TensorProto.FLOAT if bits > 8 else onnx.TensorProto.INT8
    assert kinds["conv2d1.W"] == wide


def test_networks_that_were_trained_for_integers(rng):
    network = networks(rng)["flat"]
    x = inputs_of(network, rng, 16)
    aware = quantization_aware(network, 4)
    find_ranges(aware, in_batches(x))
    for one in (aware, integers_of_aware(aware, in_batches(x))):
        model = checked(model_of(network_graph(one, opset=19), {}))
        expected = one.forward(x, PREDICTION)[0]
        assert_close(by_reference(model, first(x)), expected, 1e-6)
        found = by_onnxruntime(model, first(x))  # makes integers of the biases too
        assert np.linalg.norm(found - expected) < 0.05 * np.linalg.norm(expected)


def test_resizing_by_every_pair_of_sizes(rng):
    """A factor in float32 must give the size and choose the same pixels."""
    refused = 0
    for old in range(1, 14):
        for new in range(1, 20):
            network = built([Resize2D((new, 3), "nearest")], (old, 3, 1), rng)
            try:
                graph = network_graph(network)
            except ValueError:
                refused += 1
                continue
            x = inputs_of(network, rng, 1)
            found = last(by_onnxruntime(model_of(graph, {}), first(x)))
            assert np.array_equal(found, network.forward(x)[0])
    assert refused < 10


def test_averages_with_holes_need_a_newer_version(rng):
    network = built([AveragePool2D(2, 1, dilation=2)], (6, 6, 2), rng)
    with pytest.raises(ValueError, match="averagepool2d1: averages of windows with holes need"):
        network_graph(network, opset=18)
    x = inputs_of(network, rng, 2)
    model = checked(model_of(network_graph(network, opset=19), {}))
    assert_close(last(by_onnxruntime(model, first(x))), network.forward(x)[0], 2e-6)

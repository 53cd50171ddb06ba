"""Networks of every kind become integers and answer as before."""

import numpy as np
import pytest

from src.classic_cnn import AveragePool2D, Conv2D, GlobalAveragePool, MaxPool2D
from src.classic_cnn.architectures import create_network
from src.classic_cnn.fold_batch_norm import fold_batch_norm
from src.classic_cnn.quantized import InNumbers, IntegerNetwork, QuantizedConv2D
from src.classic_nn import (
    BatchNorm,
    Context,
    Dense,
    Dropout,
    Flatten,
    LeakyReLU,
    Parallel,
    ReLU,
    ReLU6,
    Residual,
    Sequential,
    Sigmoid,
    SiLU,
    SqueezeExcitation,
    Tanh,
)
from src.classic_nn.context import PREDICTION
from src.classic_nn.layers import LAYERS, layer_from_config
from src.classic_nn.layers.trace import run_trace, trace_network
from src.classic_nn.serialization import SavedModel, load_model, save_model
from src.inference.quantize import Scheme, calibrate, quantize_model, quantize_network
from src.inference.quantize.quantize import in_batches
from src.inference.quantize.static import quantize_static


def built(layers, shape, rng):
    made = Sequential(layers)
    made.build(shape, rng)
    for name, array in made.buffers.items():
        array[...] = (
            rng.uniform(0.5, 2, array.shape) if "variance" in name else rng.normal(size=array.shape)
        )
    return made


def excitation(channels):
    return Sequential([Dense(2), ReLU(), Dense(channels), Sigmoid()])


def networks(rng):
    plain = [Conv2D(8), BatchNorm(), ReLU(), MaxPool2D(), Conv2D(6, 3, 2), ReLU6(), Dropout(0.5)]
    inner = Sequential([Conv2D(8, groups=8), BatchNorm(), SiLU(), Conv2D(8, 1), BatchNorm()])
    branches = Parallel([Conv2D(3, 1), Sequential([AveragePool2D(3, 1, 1), Conv2D(4)])])
    return {
        "plain": built([*plain, Flatten(), Dense(10), LeakyReLU(0.1), Dense(3)], (12, 12, 3), rng),
        "residual": built(
            [Conv2D(8), ReLU(), Residual(inner), ReLU(), GlobalAveragePool(), Dense(3)],
            (10, 10, 3),
            rng,
        ),
        "branches": built(
            [Conv2D(6), Tanh(), branches, ReLU(), GlobalAveragePool(), Dense(3)], (9, 9, 3), rng
        ),
        "squeeze": built(
            [
                Conv2D(6),
                SiLU(),
                SqueezeExcitation(excitation(6)),
                Conv2D(4),
                GlobalAveragePool(),
                Dense(3),
            ],
            (9, 9, 3),
            rng,
        ),
        "preactivation": built(
            [
                Conv2D(6),
                Residual(Sequential([BatchNorm(), ReLU(), Conv2D(6)])),
                GlobalAveragePool(),
                Dense(3),
            ],
            (9, 9, 3),
            rng,
        ),
        "dense": built([Dense(20), ReLU(), Dense(10), Sigmoid(), Dense(2)], (7,), rng),
        "ends in a relu": built([Conv2D(5), ReLU(), Flatten(), Dense(4), ReLU()], (6, 6, 3), rng),
        "ends without weights": built([Conv2D(5), ReLU(), GlobalAveragePool()], (8, 8, 3), rng),
    }


NAMES = list(networks(np.random.default_rng(0)))


def inputs_of(network, rng, count=24):
    return rng.normal(size=(count, *network.built_shape())).astype(np.float32)


def noise(network, quantized, x):
    """Error of the outputs, by their size."""
    y, z = (n.forward(x, PREDICTION)[0] for n in (network, quantized))
    return float(np.linalg.norm(z - y) / np.linalg.norm(y))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["static", "dynamic", "weights"])
def test_outputs_stay_close(name, kind, rng):
    network = networks(rng)[name]
    x = inputs_of(network, rng)
    scheme = Scheme(kind, 8, method="min_max")
    quantized = quantize_network(network, scheme, in_batches(x))
    assert noise(network, quantized, x) < 0.04
    fewer = quantize_network(network, Scheme(kind, 3, method="min_max"), in_batches(x))
    assert noise(network, fewer, x) > 2 * noise(network, quantized, x)
    # everything between the ends is integers
    if kind == "static":
        seen = {}
        look = Context(observer=lambda layer, y: seen.update({layer: y}), keep_cache=False)
        quantized.forward(x, look)
        last = quantized.layers[-1]
        for layer, y in seen.items():
            if layer is not last:
                assert np.array_equal(y, np.rint(y)), layer
                assert y.min() >= layer.low
                assert y.max() <= layer.high


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["static", "dynamic", "weights"])
def test_samples_are_computed_one_by_one(name, kind, rng):
    network = networks(rng)[name]
    x = inputs_of(network, rng, 5)
    quantized = quantize_network(network, Scheme(kind, 8), in_batches(x))
    together = quantized.forward(x, PREDICTION)[0]
    alone = np.concatenate([quantized.forward(x[k : k + 1], PREDICTION)[0] for k in range(5)])
    assert np.allclose(together, alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["static", "dynamic", "weights"])
@pytest.mark.parametrize("bits", [8, 4, 3])
@pytest.mark.parametrize("name", NAMES)
def test_a_file_has_the_same_network_and_is_small(name, kind, bits, rng, tmp_path):
    network = networks(rng)[name]
    x = inputs_of(network, rng, 4)
    model = SavedModel(network, "multi_class")
    scheme = Scheme(kind, bits, keep_float=[])
    small = quantize_model(model, scheme, in_batches(x))
    save_model(tmp_path / "q.safetensors", small)
    again = load_model(tmp_path / "q.safetensors")
    expected = small.network.forward(x, PREDICTION)[0]
    assert np.array_equal(again.network.forward(x, PREDICTION)[0], expected)
    assert model.network is network  # and the given one is what it was


@pytest.mark.parametrize(
    "name",
    [
        "resnet18",
        "mobilenet_v2",
        "squeezenet1_1",
        "efficientnet_b0",
        "efficientnet_lite0",
        "resnet50_v2",
    ],
)
def test_published_networks(name, rng):
    network = create_network(name, 5)
    network.build((64, 64, 3), rng)
    for array_name, array in network.buffers.items():
        array[...] = rng.uniform(0.5, 2, array.shape) if "variance" in array_name else 0
    x = inputs_of(network, rng, 4)
    quantized = quantize_network(network, Scheme("static", 8, method="min_max"), in_batches(x))
    assert isinstance(quantized, IntegerNetwork)
    assert noise(network, quantized, x) < 0.15
    floats = [layer for layer in quantized.layers if isinstance(layer, InNumbers)]
    assert bool(floats) == (name == "resnet50_v2")  # its batch normalization stands before


def test_bytes(rng, tmp_path):
    network = built(
        [Conv2D(64), ReLU(), Conv2D(128), ReLU(), GlobalAveragePool(), Dense(10)], (8, 8, 32), rng
    )
    x = inputs_of(network, rng, 2)
    sizes = {}
    for kind, bits in (
        ("float", 32),
        ("static", 8),
        ("dynamic", 8),
        ("weights", 8),
        ("weights", 4),
    ):
        model = SavedModel(network, "multi_class")
        if kind != "float":
            model = quantize_model(model, Scheme(kind, bits), in_batches(x))
        path = tmp_path / "m.safetensors"
        save_model(path, model)
        sizes[kind, bits] = path.stat().st_size
    full = sizes["float", 32]
    for kind in ("static", "dynamic", "weights"):
        assert sizes[kind, 8] < 0.28 * full
    assert sizes["weights", 4] < 0.15 * full


def test_a_layer_may_stay_in_float(rng):
    network = networks(rng)["plain"]
    x = inputs_of(network, rng)
    kept = quantize_network(network, Scheme("static", 3, keep_float=["conv2d2"]), in_batches(x))
    layer = next(layer for layer in kept.layers if layer.name == "conv2d2")
    assert isinstance(layer, InNumbers)
    assert layer.buffers["W"].dtype == np.float32
    none = quantize_network(network, Scheme("static", 3), in_batches(x))
    assert noise(network, kept, x) < noise(network, none, x)
    kept = quantize_network(network, Scheme("weights", 3, keep_float=["conv2d2"]))
    assert isinstance(kept["conv2d1"], QuantizedConv2D)
    assert type(kept["conv2d2"]) is Conv2D


def test_per_channel_is_better_where_channels_differ(rng):
    network = built([Conv2D(8), ReLU(), GlobalAveragePool(), Dense(3)], (8, 8, 3), rng)
    network["conv2d1"].parameters["W"] *= np.logspace(-2, 1, 8).astype(np.float32)
    network["dense1"].parameters["W"] /= np.logspace(-2, 1, 8).astype(np.float32)[:, np.newaxis]
    x = inputs_of(network, rng)
    errors = [
        noise(network, quantize_network(network, Scheme("weights", 8, p, keep_float=["dense1"])), x)
        for p in (True, False)
    ]
    assert errors[0] < 0.2 * errors[1]


def test_symmetric_activations_waste_a_bit_after_relu(rng):
    network = networks(rng)["plain"]
    x = inputs_of(network, rng)
    errors = [
        noise(
            network,
            quantize_network(
                network, Scheme("static", 8, symmetric=s, method="min_max"), in_batches(x)
            ),
            x,
        )
        for s in (False, True)
    ]
    assert errors[0] < errors[1] < 0.1


def test_a_trace_computes_what_the_network_computes(rng):
    for name, network in networks(rng).items():
        x = inputs_of(network, rng, 3)
        expected = network.forward(x)[0]
        assert np.allclose(run_trace(trace_network(network), x), expected, atol=1e-5), name
        doubled = run_trace(
            trace_network(network), x, lambda node, y: 2 * y if node.path == "input" else y
        )
        assert np.allclose(doubled, network.forward(2 * x)[0], atol=1e-4), name


def test_mistakes_are_one_line(rng):
    network = networks(rng)["plain"]
    x = inputs_of(network, rng, 4)
    quantized = quantize_network(network, Scheme("weights"))
    with pytest.raises(ValueError, match="quantized already"):
        quantize_network(quantized, Scheme("weights"))
    with pytest.raises(ValueError, match="there is no layer 'conv9'; there are conv2d1"):
        quantize_network(network, Scheme(keep_float=["conv9"]), in_batches(x))
    with pytest.raises(ValueError, match="no activations were seen"):
        quantize_network(network, Scheme())
    x[1, 2, 3] = np.nan
    with pytest.raises(ValueError, match="input: activations that are not finite"):
        quantize_network(network, Scheme(), in_batches(x))
    with pytest.raises(ValueError, match="bits must be"):
        Scheme(bits=1)
    with pytest.raises(ValueError, match="static integers have 8 or fewer, got 12"):
        Scheme("static", 12)
    with pytest.raises(ValueError, match="unknown scheme 'int8'"):
        Scheme("int8")
    integers = quantize_network(network, Scheme(), in_batches(inputs_of(network, rng, 4)))
    with pytest.raises(ValueError, match="has no gradients"):
        integers.backward(np.zeros((4, 3), np.float32), None)


def test_configurations_make_the_same_layers(rng):
    for kind in ("static", "dynamic"):
        for name, network in networks(rng).items():
            x = inputs_of(network, rng, 3)
            made = quantize_network(network, Scheme(kind), in_batches(x))
            twin = layer_from_config(made.config())
            twin.build(network.built_shape(), None)
            assert twin.config() == made.config(), name
            assert {type(layer).__name__ for layer in made.children()} <= set(LAYERS)


def test_every_layer_that_is_imported_late_is_known():
    from src.classic_cnn import quantized
    from src.classic_cnn.layers import QUANTIZED

    layers = {n for n in quantized.__all__ if isinstance(getattr(quantized, n), type)}
    assert layers - {"IntegerLayer"} == set(QUANTIZED)


def test_a_relu6_ends_at_six(rng):
    network = built([Conv2D(4), ReLU6(), Conv2D(2, 1)], (5, 5, 3), rng)
    network["conv2d1"].parameters["W"] *= 40
    x = inputs_of(network, rng)
    # a range that goes beyond six, as one that was rounded, or learned, may
    folded = fold_batch_norm(network)
    seen = dict(calibrate(folded, in_batches(x)))
    seen["relu61"].update(np.full(3, 9, np.float32))
    made = quantize_static(folded, seen, Scheme("static", 8, method="min_max"))
    first = made.layers[1]
    y = first.compute(made.layers[0].compute(x)) * first.scale
    assert y.max() == pytest.approx(6, abs=first.scale)
    assert y.min() == 0


@pytest.mark.parametrize("bits", [12, 16])
def test_weights_of_more_than_eight_bits(bits, rng, tmp_path):
    network = networks(rng)["plain"]
    x = inputs_of(network, rng)
    model = SavedModel(network, "multi_class")
    save_model(tmp_path / "m.safetensors", quantize_model(model, Scheme("weights", bits)))
    again = load_model(tmp_path / "m.safetensors").network
    assert noise(network, again, x) < 2.0 ** (3 - bits)

"""Training that knows of its integers: what it rounds, and that the integers answer the same."""

import numpy as np
import pytest

from src.classic_cnn.quantized import AwareConv2D, AwareDense, FakeQuantization, IntegerNetwork
from src.classic_nn import Context, SoftmaxCrossEntropy, create_optimizer
from src.classic_nn.context import PREDICTION
from src.classic_nn.serialization import SavedModel, load_model, save_model
from src.classic_train.mini_batch import MiniBatchTrainer
from src.inference.quantize import (
    Scheme,
    find_ranges,
    integers_of_aware,
    is_aware,
    quantization_aware,
    quantize_network,
)
from src.inference.quantize.quantize import in_batches
from tests.inference.quantize.test_networks import NAMES, inputs_of, networks
from tests.teams import on_team


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bits", [8, 4])
def test_the_integers_answer_like_what_was_trained(name, bits, rng):
    network = networks(rng)[name]
    x = inputs_of(network, rng, 200)
    aware = quantization_aware(network, bits)
    find_ranges(aware, in_batches(x))
    integers = integers_of_aware(aware, in_batches(x[:16]))
    assert isinstance(integers, IntegerNetwork)
    ours, theirs = (n.forward(x, PREDICTION)[0] for n in (aware, integers))
    # where a value lies on the edge between two integers, rounding may go either way
    assert np.linalg.norm(ours - theirs) < 0.01 * np.linalg.norm(ours)
    assert (ours.argmax(axis=1) == theirs.argmax(axis=1)).mean() >= 0.99


def test_before_its_ranges_are_known_only_weights_are_rounded(rng):
    network = networks(rng)["plain"]
    x = inputs_of(network, rng)
    aware = quantization_aware(network, 8)
    assert is_aware(aware)
    assert not is_aware(network)
    assert all(aware[layer.name] is not None for layer in network.layers)  # names are the same
    y, z = (n.forward(x, PREDICTION)[0] for n in (network, aware))
    assert 0 < np.abs(y - z).max() < 0.05 * np.abs(y).max()


def test_weights_keep_small_steps_and_get_the_gradient_of_what_they_became(rng):
    layer = AwareDense(3, bits=3)
    layer.build((5,), rng, np.float64)
    x, dy = rng.normal(size=(7, 5)), rng.normal(size=(7, 3))
    y, cache = layer.forward(x)
    _, gradients = layer.backward(dy, cache)
    assert np.allclose(gradients["W"], x.T @ dy)
    steps = [
        len(np.unique(np.round(np.linalg.lstsq(x, y, rcond=None)[0][:, k], 9))) for k in range(3)
    ]
    assert max(steps) <= 7
    convolution = AwareConv2D(2, bits=2)
    convolution.build((4, 4, 3), rng, np.float64)
    image = np.zeros((1, 4, 4, 3))
    image[0, 1, 1, 0] = 1
    found = convolution.forward(image)[0]
    assert len(np.unique(np.abs(found[..., 0]).round(9))) <= 2  # 0 and s


def test_the_range_follows_the_extremes_of_the_mini_batch_of_all_workers(rng):
    layer = FakeQuantization(momentum=0.5)
    layer.build((4,), rng)
    x = rng.normal(size=(12, 4)).astype(np.float32)
    x[0, 0], x[7, 2] = -3, 5
    outputs = on_team(
        3, lambda worker, part: layer.forward(part, Context(True, communicator=worker))[0], x
    )
    assert layer.buffers["range"].tolist() == [-3, 5]
    alone = FakeQuantization(momentum=0.5)
    alone.build((4,), rng)
    assert np.array_equal(np.concatenate(outputs), alone.forward(x, Context(True))[0])
    alone.forward(3 * x, Context(True))
    assert alone.buffers["range"].tolist() == [-6, 10]
    before = alone.buffers["range"].copy()
    alone.forward(100 * x)
    assert np.array_equal(alone.buffers["range"], before)  # not in evaluation


def test_it_is_trained_saved_and_made_integers(rng, tmp_path):
    """Four bits after training lose what training with four bits keeps."""
    from sklearn.datasets import load_digits

    from src.classic_cnn import Conv2D, MaxPool2D
    from src.classic_nn import BatchNorm, Dense, Flatten, ReLU, Sequential

    digits = load_digits()
    x = (digits.images[..., np.newaxis] / 16).astype(np.float32)
    y = np.eye(10, dtype=np.float32)[digits.target]
    train, test = slice(0, 1400), slice(1400, None)

    def trained(network, epochs, rate):
        optimizer = create_optimizer("adam", learning_rate=rate)
        trainer = MiniBatchTrainer(
            network, SoftmaxCrossEntropy(), optimizer, batch_size=32, epochs=epochs
        )
        trainer.fit((x[train], y[train]), None)

    def right(network):
        return (
            network.forward(x[test], PREDICTION)[0].argmax(axis=1) == digits.target[test]
        ).mean()

    layers = [Conv2D(8, bias=False), BatchNorm(), ReLU(), MaxPool2D(), Conv2D(16, bias=False)]
    network = Sequential([*layers, BatchNorm(), ReLU(), Flatten(), Dense(10)])
    network.build((8, 8, 1), np.random.default_rng(0))
    trained(network, 6, 0.005)
    full = right(network)
    bits = 2
    after = quantize_network(network, Scheme("static", bits, method="min_max"), in_batches(x[:200]))
    aware = quantization_aware(network, bits)
    find_ranges(aware, in_batches(x[:64]))
    trained(aware, 6, 0.002)
    integers = integers_of_aware(aware, in_batches(x[:64]))
    assert full > 0.92
    assert right(after) < full - 0.1
    assert right(integers) > right(after) + 2 / 3 * (full - right(after))
    same = aware.forward(x, PREDICTION)[0].argmax(1) == integers.forward(x, PREDICTION)[0].argmax(1)
    assert same.mean() >= 0.997  # of 2 bits; a step of these is a third of the range
    for made in (aware, integers):
        save_model(tmp_path / "m.safetensors", SavedModel(made, "multi_class"))
        again = load_model(tmp_path / "m.safetensors").network
        assert np.array_equal(
            again.forward(x[:9], PREDICTION)[0], made.forward(x[:9], PREDICTION)[0]
        )


def test_frozen_layers_stay_frozen_and_keep_their_ranges(rng):
    network = networks(rng)["plain"]
    network["conv2d1"].freeze()
    network["batchnorm1"].freeze()
    aware = quantization_aware(network, 8)
    x = inputs_of(network, rng)
    find_ranges(aware, in_batches(x))
    roundings = [layer for layer in aware.layers if isinstance(layer, FakeQuantization)]
    assert [layer.trainable for layer in roundings][:3] == [False, False, True]
    before = [layer.buffers["range"].copy() for layer in roundings]
    aware.forward(9 * x, Context(True, np.random.default_rng(0)))
    moved = [
        not np.array_equal(b, layer.buffers["range"])
        for b, layer in zip(before, roundings, strict=True)
    ]
    assert moved[:3] == [False, False, True]
    assert list(aware.frozen) == ["W1", "b1", "gamma1", "beta1"]

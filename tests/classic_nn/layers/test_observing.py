import numpy as np
import pytest

from src.classic_cnn import Conv2D, GlobalAveragePool
from src.classic_nn import Context, Dense, ReLU, Sequential, Tanh
from src.classic_nn.layers import (
    BatchNorm,
    Dropout,
    Parallel,
    Residual,
    Sigmoid,
    SqueezeExcitation,
)
from src.classic_nn.layers.observing import layer_paths, observe_outputs, parameter_labels


def network():
    block = Residual(Sequential([Dense(4), ReLU(), Dense(4)]))
    wide = Parallel([Sequential([Dense(2)]), Sequential([Dense(3), ReLU()])])
    made = Sequential([Dense(4), block, wide, Dropout(0.5), Dense(2)])
    made.build((3,), np.random.default_rng(0), np.float64)
    return made


def test_every_layer_has_a_path_of_its_own():
    paths = list(layer_paths(network()).values())
    assert len(set(paths)) == len(paths)
    assert {"dense1", "residual1.body.relu1", "parallel1.branch2.dense1", "dense2"} <= set(paths)


def test_outputs_are_seen_in_order_and_are_those_of_evaluation(rng):
    made, x = network(), rng.normal(size=(5, 3))
    seen = {}
    y = observe_outputs(made, x, lambda path, layer, output: seen.update({path: output.copy()}))
    assert np.array_equal(y, made.forward(x)[0])
    assert list(seen)[:6] == [
        "dense1",
        "residual1.body.dense1",
        "residual1.body.relu1",
        "residual1.body.dense2",
        "residual1.body",
        "residual1",
    ]
    assert np.array_equal(seen["dense2"], y)
    assert np.array_equal(seen["dropout1"], seen["parallel1"])  # nothing is dropped
    body, _ = made.layers[1].body.forward(seen["dense1"])
    assert np.array_equal(seen["residual1.body"], body)
    assert np.array_equal(seen["residual1"], body + seen["dense1"])


def test_branches_that_stand_in_no_sequential_are_seen_too(rng):
    made = Sequential(
        [
            Residual(ReLU(), shortcut=Tanh()),
            Parallel([Tanh(), ReLU()]),
            SqueezeExcitation(Dense(6)),
        ]
    )
    made.build((5, 3), np.random.default_rng(0), np.float64)
    seen = {}
    observe_outputs(made, rng.normal(size=(7, 5, 3)), lambda path, _, y: seen.update({path: y}))
    assert list(seen) == [
        "residual1.body",
        "residual1.shortcut",
        "residual1",
        "parallel1.branch1",
        "parallel1.branch2",
        "parallel1",
        "squeezeexcitation1.excitation",
        "squeezeexcitation1",
    ]
    assert set(seen) == set(layer_paths(made).values())
    both = seen["residual1.body"] + seen["residual1.shortcut"]
    assert np.array_equal(both, seen["residual1"])
    assert np.array_equal(seen["parallel1.branch2"], np.maximum(seen["residual1"], 0))
    excited = seen["squeezeexcitation1.excitation"]
    assert excited.shape == (7, 6)
    expected = seen["parallel1"] * excited[:, np.newaxis]
    assert np.array_equal(seen["squeezeexcitation1"], expected)


@pytest.mark.parametrize("training", [False, True])
def test_gradients_of_all_outputs_are_seen(training, rng):
    """A layer's dy is what its output, moved a little, does to the loss."""
    body = Sequential([Conv2D(4), BatchNorm(), ReLU()])
    scaled = SqueezeExcitation(Sequential([Dense(4), Sigmoid()]))
    block = Residual(Sequential([body, scaled]), shortcut=Conv2D(4, 1))
    made = Sequential([block, Parallel([Tanh(), Conv2D(3)]), GlobalAveragePool(), Dense(3)])
    made.build((4, 5, 2), np.random.default_rng(0), np.float64)
    x = rng.normal(size=(5, 4, 5, 2))
    seen = {}
    context = Context(training, gradient_observer=lambda layer, dy: seen.update({layer: dy.copy()}))
    y, cache = made.forward(x, context)
    weights = rng.normal(size=y.shape)
    made.backward(weights, cache, context)
    paths = layer_paths(made)
    assert set(seen) == set(paths)
    for layer, dy in seen.items():
        direction = rng.normal(size=dy.shape)
        loss = [
            float(
                (
                    made.forward(x, Context(training, observer=moved(layer, h * direction)))[0]
                    * weights
                ).sum()
            )
            for h in (1e-5, -1e-5)
        ]
        expected = (loss[0] - loss[1]) / 2e-5
        assert (dy * direction).sum() == pytest.approx(expected, rel=1e-6, abs=1e-9), paths[layer]


def moved(layer, step):
    """An observer that breaks its promise: it moves the output of a layer."""

    def observer(seen, y):
        if seen is layer:
            y += step

    return observer


def test_parameters_are_labelled_by_the_layer_that_has_them():
    block = Residual(Sequential([Dense(4), BatchNorm(), ReLU(), Dense(4)]), shortcut=Dense(4))
    made = Sequential([Dense(3), ReLU(), block, Parallel([Dense(2), Dense(1)])])
    made.build((2,), np.random.default_rng(0))
    labels = parameter_labels(made)
    assert list(labels) == list(made.parameters)
    assert labels == {
        "W1": "dense1 (W)",
        "b1": "dense1 (b)",
        "residual1.body.W1": "residual1.body.dense1 (W)",
        "residual1.body.b1": "residual1.body.dense1 (b)",
        "residual1.body.gamma1": "residual1.body.batchnorm1 (gamma)",
        "residual1.body.beta1": "residual1.body.batchnorm1 (beta)",
        "residual1.body.W2": "residual1.body.dense2 (W)",
        "residual1.body.b2": "residual1.body.dense2 (b)",
        "residual1.shortcut.W": "residual1.shortcut (W)",
        "residual1.shortcut.b": "residual1.shortcut (b)",
        "parallel1.branch1.W": "parallel1.branch1 (W)",
        "parallel1.branch1.b": "parallel1.branch1 (b)",
        "parallel1.branch2.W": "parallel1.branch2 (W)",
        "parallel1.branch2.b": "parallel1.branch2 (b)",
    }

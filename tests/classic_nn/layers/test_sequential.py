import json

import numpy as np
import pytest

from src.classic_cnn import Conv2D, MaxPool2D
from src.classic_nn import (
    BatchNorm,
    Dense,
    Dropout,
    Flatten,
    Parallel,
    ReLU,
    Residual,
    Sequential,
)
from src.classic_nn.initializers import initialize_weights
from src.classic_nn.layers import copy_network, layer_from_config


def network(*layers, shape=(4,), dtype=np.float32):
    made = Sequential(list(layers))
    made.build(shape, np.random.default_rng(0), dtype)
    return made


def test_parameters_have_the_classic_names():
    made = network(Dense(5, bias=False), BatchNorm(), ReLU(), Dense(4), BatchNorm(), Dense(2))
    assert list(made.parameters) == [
        *("W1", "gamma1", "beta1", "W2", "b2", "gamma2", "beta2", "W3", "b3")
    ]
    assert list(made.buffers) == [
        *("running_mean1", "running_variance1", "running_mean2", "running_variance2")
    ]


def test_layers_see_the_same_memory_as_the_vector():
    made = network(Dense(5), Sequential([BatchNorm(), Dense(2)]))
    made.parameters.vector[...] = 0
    made.parameters["W1"] = np.full((4, 5), 3.0)
    made.parameters["sequential1.gamma1"] = np.full(5, 2.0)
    assert (made.layers[0].parameters["W"] == 3).all()
    assert (made.layers[1].layers[0].parameters["gamma"] == 2).all()
    assert np.shares_memory(made.layers[1].layers[1].parameters["W"], made.parameters.vector)
    assert np.shares_memory(made.layers[1].parameters.vector, made.parameters.vector)


def test_the_walk_back_ends_at_the_first_layer_with_parameters():
    class Untouched(Flatten):
        def backward(self, *args, **kwargs):
            raise AssertionError("nobody needs this gradient")

    made = network(Untouched(), Dense(2), shape=(2, 2))
    y, cache = made.forward(np.ones((3, 2, 2), np.float32))
    dx, gradients = made.backward(y, cache, input_gradient=False)
    assert dx is None
    assert gradients["W1"].any()


def test_summary_counts_what_a_pencil_counts():
    table = network(Flatten(), Dense(5), ReLU(), Dense(3), shape=(2, 2, 1)).summary().splitlines()
    assert table[0].split() == ["layer", "output", "shape", "parameters", "multiply-adds", "bytes"]
    assert table[2].split() == ["dense1", "(5,)", "25", "20", "120"]  # (25 + 5) * 4 bytes
    assert table[-1].split() == ["total", "43", "35", str(4 * (43 + 4 + 5 + 5 + 3))]


def test_wrong_input_names_the_network_and_the_shapes():
    made = network(Dense(2))
    with pytest.raises(ValueError, match=r"Sequential: expected x of shape \(samples, 4\), got"):
        made.forward(np.ones((3, 5)))
    with pytest.raises(ValueError, match=r"dense1: expected x of shape \(samples, 4\)"):
        made.layers[0].forward(np.ones((3, 5)))


def test_a_dense_layer_on_images_says_what_to_do():
    with pytest.raises(ValueError, match=r"dense1: .* put a Flatten layer before it"):
        network(Dense(2), shape=(4, 4, 1))


def test_forward_before_build_says_what_to_do():
    with pytest.raises(ValueError, match="call build"):
        Sequential([Dense(2)]).forward(np.ones((1, 4)))


def test_dropout_without_a_generator_says_what_to_do():
    from src.classic_nn import Context

    with pytest.raises(ValueError, match=r"dropout1: dropout needs a random generator"):
        network(Dropout(0.5)).forward(np.ones((2, 4), np.float32), Context(training=True))


@pytest.mark.parametrize("rate", [-0.1, 1.0, 2])
def test_dropout_rate_must_leave_something(rate):
    with pytest.raises(ValueError, match="dropout rate must be 0 or more and below 1"):
        Dropout(rate)


def test_dropout_keeps_the_expected_value():
    from src.classic_nn import Context

    x = np.ones((200, 500))
    y, _ = Dropout(0.3).forward(x, Context(training=True, rng=np.random.default_rng(0)))
    assert (y == 0).mean() == pytest.approx(0.3, abs=0.01)
    assert y.mean() == pytest.approx(1, abs=0.01)
    assert np.allclose(y[y > 0], 1 / 0.7)


def test_copy_in_double_precision_computes_the_same(rng):
    made = network(Dense(6), BatchNorm(), ReLU(), Dense(2))
    made.buffers["running_mean1"] += 0.5
    copied = copy_network(made, np.float64)
    x = rng.normal(size=(3, 4)).astype(np.float32)
    assert copied.parameters.vector.dtype == np.float64
    assert np.allclose(copied.forward(x.astype(np.float64))[0], made.forward(x)[0], rtol=1e-5)
    copied.parameters.vector[...] = 0
    assert made.parameters.vector.any()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"type": "Dens"}, "unknown layer type 'Dens': did you mean 'Dense'"),
        ({}, "unknown layer type 'None'"),
        ({"type": "Dense", "units": 3}, "Dense has no such settings"),
    ],
)
def test_bad_configurations_are_explained(config, message):
    with pytest.raises(ValueError, match=message):
        layer_from_config(config)


def test_float64_takes_twice_the_bytes():
    def total(dtype):
        return int(network(Dense(5), dtype=dtype).summary().split()[-1].replace(",", ""))

    assert total(np.float64) == 2 * total(np.float32)


def test_a_layer_stands_in_a_network_once():
    layer = Dense(4)
    with pytest.raises(ValueError, match="each of them only once"):
        Sequential([layer, layer])
    with pytest.raises(ValueError, match="one layer or more"):
        Sequential([])


@pytest.mark.parametrize(
    "make",
    [
        lambda: Dense(0),
        lambda: Dense(2.5),
        lambda: BatchNorm(momentum=3),
        lambda: BatchNorm(epsilon=0),
        lambda: Dropout(float("nan")),
    ],
)
def test_settings_out_of_range_are_refused(make):
    with pytest.raises(ValueError, match=" must be "):
        make()


def test_names_tell_the_way_through_containers():
    made = network(
        Dense(4), Residual(Sequential([Dense(4)]), Dense(4)), Parallel([Dense(1), Dense(2)])
    )
    assert list(made.parameters) == [
        *("W1", "b1", "residual1.body.W1", "residual1.body.b1"),
        *("residual1.shortcut.W", "residual1.shortcut.b"),
        *("parallel1.branch1.W", "parallel1.branch1.b"),
        *("parallel1.branch2.W", "parallel1.branch2.b"),
    ]


def test_shapes_that_do_not_fit_together_are_explained():
    with pytest.raises(ValueError, match=r"body outputs \(3,\) and the shortcut \(4,\)"):
        network(Residual(Dense(3)))
    with pytest.raises(ValueError, match=r"parallel1: the branches output .* last axis"):
        network(Parallel([Conv2D(2, 1), MaxPool2D(2)]), shape=(4, 4, 1))


def test_a_layer_is_in_a_network_once_at_any_depth():
    shared = Dense(4)
    with pytest.raises(ValueError, match="each of them only once"):
        Sequential([shared, Residual(Sequential([shared]))])


def test_numpy_numbers_are_numbers():
    made = network(Dense(np.int64(3)), Dropout(np.float32(0.5)))
    assert json.loads(json.dumps(made.config())) == made.config()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Conv2D(0), "out_channels must be 1 or more, got 0"),
        (
            lambda: network(Conv2D(2, (3, 3, 3)), shape=(4, 4, 1)),
            "conv2d1: expected a whole number",
        ),
        (lambda: network(Conv2D(2, padding=1.5), shape=(4, 4, 1)), "conv2d1: expected a whole num"),
        (lambda: network(MaxPool2D(2, padding=2), shape=(4, 4, 1)), "maxpool2d1: padding .* less"),
        (lambda: network(Flatten(), MaxPool2D(), shape=(4, 4, 1)), "maxpool2d1: expected samples"),
        (lambda: network(Conv2D(2, 3, padding=0), shape=(2, 2, 1)), "conv2d1: image of 2 x 2"),
    ],
)
def test_layers_that_cannot_be_built_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("container", [Residual(ReLU()), Parallel([ReLU(), ReLU()])])
def test_containers_check_their_input(container):
    container.build((4,), np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"expected x of shape \(samples, 4\), got \(2, 1\)"):
        container.forward(np.ones((2, 1)))


@pytest.mark.parametrize("name", ["he", "xavier", "lecun"])
def test_weights_are_drawn_as_the_initialization_says(name):
    made = network(Dense(6, initialization=name))
    expected = initialize_weights((4, 6), name, np.random.default_rng(0))
    assert np.array_equal(made.parameters["W1"], expected)
    image = network(Conv2D(6, 3, initialization=name), shape=(4, 4, 2))
    expected = initialize_weights((3, 3, 2, 6), name, np.random.default_rng(0))
    assert np.array_equal(image.parameters["W1"], expected)

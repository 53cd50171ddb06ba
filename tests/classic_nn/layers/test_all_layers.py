"""What every layer promises, held to it over a table of layers and settings."""

from dataclasses import replace

import numpy as np
import pytest

from src.classic_cnn import AveragePool2D, Conv2D, GlobalAveragePool, MaxPool2D
from src.classic_cnn.layers import QUANTIZED, Resize2D, ZeroPad2D
from src.classic_nn import (
    BatchNorm,
    Clip,
    Context,
    Dense,
    Dropout,
    Flatten,
    Graph,
    HardSigmoid,
    HardSwish,
    InstanceNorm,
    Join,
    LeakyReLU,
    LocalResponseNorm,
    Parallel,
    PReLU,
    ReLU,
    ReLU6,
    Residual,
    ScaleShift,
    Sequential,
    ShuffleChannels,
    Sigmoid,
    SiLU,
    SliceChannels,
    Softmax,
    SpatialDropout,
    SqueezeExcitation,
    StochasticDepth,
    Tanh,
    check_layer,
)
from src.classic_nn.layers import LAYERS, layer_from_config
from src.classic_nn.layers.base import Layer

# name -> (make the layer, shape of a sample)
CASES = {
    "identity": (Layer, (3, 2)),
    "dense": (lambda: Dense(4), (6,)),
    "dense without bias": (lambda: Dense(4, bias=False, initialization="xavier"), (6,)),
    "relu": (ReLU, (5,)),
    "leaky relu": (lambda: LeakyReLU(0.2), (3, 4)),
    "sigmoid": (Sigmoid, (5,)),
    "tanh": (Tanh, (5,)),
    "silu": (SiLU, (2, 3, 2)),
    "relu6": (ReLU6, (3, 4)),
    "hard swish": (HardSwish, (3, 4)),
    "clip": (lambda: Clip(-0.7, 0.9), (3, 4)),
    "clip from below": (lambda: Clip(-0.7, None), (3, 4)),
    "hard sigmoid": (lambda: HardSigmoid(0.4, 0.3), (3, 4)),
    "instance normalization": (InstanceNorm, (3, 2, 4)),
    "local response normalization": (lambda: LocalResponseNorm(3, 0.7, 0.6, 1.3), (3, 2, 5)),
    "of an even size": (lambda: LocalResponseNorm(4, 0.7, 0.6, 1.3), (2, 6)),
    "some channels": (lambda: SliceChannels(1, 3), (3, 2, 4)),
    "shuffled channels": (lambda: ShuffleChannels(2), (3, 2, 6)),
    "scale and shift": (ScaleShift, (3, 2, 4)),
    "prelu": (PReLU, (3, 2, 4)),
    "softmax": (Softmax, (5,)),
    "batch norm": (BatchNorm, (4,)),
    "batch norm of images": (lambda: BatchNorm(epsilon=1e-3), (3, 2, 4)),
    "dropout": (lambda: Dropout(0.4), (3, 4)),
    "dropout of nothing": (lambda: Dropout(0.0), (4,)),
    "spatial dropout": (lambda: SpatialDropout(0.4), (3, 2, 4)),
    "stochastic depth": (lambda: StochasticDepth(0.4), (3, 4)),
    "block with stochastic depth": (
        lambda: Residual(Sequential([Tanh(), StochasticDepth(0.5)])),
        (3, 4),
    ),
    "squeeze and excitation": (
        lambda: SqueezeExcitation(Sequential([Dense(2), ReLU(), Dense(4), Sigmoid()])),
        (3, 2, 4),
    ),
    "flatten": (Flatten, (3, 2, 2)),
    "convolution": (lambda: Conv2D(3), (5, 4, 2)),
    "convolution with all settings": (
        lambda: Conv2D(4, (2, 3), (2, 1), "same_tf", (1, 2), groups=2, bias=False),
        (6, 7, 4),
    ),
    "depthwise convolution": (lambda: Conv2D(6, 3, 2, ((1, 1), (0, 2)), groups=3), (5, 5, 3)),
    "pointwise convolution": (lambda: Conv2D(3, 1), (3, 3, 4)),
    "max pooling": (MaxPool2D, (4, 4, 2)),
    "overlapping max pooling": (lambda: MaxPool2D(3, 2, 1), (5, 5, 2)),
    "max pooling with holes": (lambda: MaxPool2D(2, 1, dilation=2), (4, 5, 2)),
    "average pooling with holes": (lambda: AveragePool2D(2, 1, dilation=(1, 2)), (4, 5, 2)),
    "average pooling": (lambda: AveragePool2D(3, 2, 1, count_padding=False), (5, 5, 2)),
    "global average pooling": (GlobalAveragePool, (4, 3, 2)),
    "resizing": (lambda: Resize2D((5, 3)), (3, 4, 2)),
    "resizing by the nearest value": (lambda: Resize2D((5, 3), "nearest"), (3, 4, 2)),
    "zero padding": (lambda: ZeroPad2D(((0, 1), (2, 0))), (3, 2, 2)),
    "max pooling that completes its windows": (lambda: MaxPool2D(3, 2, "ceil"), (6, 4, 2)),
    "named layers": (lambda: Sequential({"one": Dense(4), "two": Tanh(), "three": Dense(2)}), (3,)),
    "named branches": (lambda: Parallel({"wide": Dense(4), "narrow": Dense(1)}), (3,)),
    "sequential": (
        lambda: Sequential([Flatten(), Dense(6), BatchNorm(), ReLU(), Dropout(0.3), Dense(3)]),
        (2, 3, 1),
    ),
    "residual": (lambda: Residual(Sequential([Dense(5), Tanh()])), (5,)),
    "residual with a projection": (
        lambda: Residual(
            Sequential([Conv2D(4, 3, 2, bias=False), BatchNorm(), SiLU(), Conv2D(4)]),
            Sequential([Conv2D(4, 1, 2, bias=False), BatchNorm()]),
        ),
        (5, 5, 3),
    ),
    "parallel": (
        lambda: Parallel([Conv2D(2, 1), MaxPool2D(3, 1, 1), Sequential([Conv2D(3), Tanh()])]),
        (4, 4, 2),
    ),
    "graph": (
        lambda: Graph(
            [
                *(Dense(4), Tanh(), Sigmoid(), Join("Add"), Dense(3, bias=False), Tanh()),
                *(Join("Concatenate"), BatchNorm(), Join("Add")),
            ],
            [[-1], [0], [0], [1, 2], [2], [4], [3, 5, -1], [6], [7, 6, 7]],
        ),
        (5,),
    ),
    "graph of one join": (lambda: Graph([Join("Add")], [[-1]]), (3, 2)),
    "graph of its input": (lambda: Graph([Join("Add"), Tanh()], [[-1, -1], [0]]), (3, 2)),
    "nested": (
        lambda: Sequential(
            [Dense(4), Sequential([BatchNorm(), Tanh(), Dense(3, bias=False)]), SiLU(), Dense(2)]
        ),
        (5,),
    ),
}
SAMPLES = 5


@pytest.fixture(params=CASES)
def case(request, rng):
    make, shape = CASES[request.param]

    def build(dtype=np.float64):
        layer = make()
        layer.build(shape, np.random.default_rng(1), dtype)
        return layer

    x = rng.normal(size=(SAMPLES, *shape))
    x[np.abs(x) < 1e-3] += 0.1  # away from kinks
    return build, x


def training():
    return Context(training=True, rng=np.random.default_rng(7))


@pytest.mark.parametrize("mode", [True, False], ids=["training", "evaluation"])
def test_gradients_agree_with_finite_differences(case, mode, rng):
    build, x = case
    check_layer(build(), x, rng, training=mode).raise_if_failed()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("context", [training(), Context()], ids=["training", "evaluation"])
def test_dtype_is_kept_nothing_is_modified_and_nothing_shared(case, dtype, context, rng):
    build, x = case
    layer, x = build(dtype), x.astype(dtype)
    x_before, vector_before = x.copy(), layer.parameters.vector.copy()
    y, cache = layer.forward(x, context)
    dy = rng.normal(size=y.shape).astype(dtype)
    dy_before, y_before = dy.copy(), y.copy()
    dx, gradients = layer.backward(dy, cache, context)
    assert y.dtype == dx.dtype == gradients.vector.dtype == dtype
    assert all(buffer.dtype == dtype for buffer in layer.buffers.values())
    assert np.array_equal(x, x_before)
    assert np.array_equal(dy, dy_before)
    assert np.array_equal(y, y_before)
    assert np.array_equal(layer.parameters.vector, vector_before)
    assert not np.shares_memory(y, x)
    assert not np.shares_memory(dx, dy)
    for gradient in gradients.values():
        assert not np.shares_memory(gradient, dy)
        assert not np.shares_memory(gradient, layer.parameters.vector)


def test_output_shape_is_known_beforehand(case):
    build, x = case
    layer = build()
    assert layer.forward(x)[0].shape == (SAMPLES, *layer.output_shape(x.shape[1:]))


def test_a_second_forward_does_not_spoil_the_first(case, rng):
    build, x = case
    layer = build()
    y, cache = layer.forward(x, training())
    dy = rng.normal(size=y.shape)
    dx, gradients = layer.backward(dy, cache, training())
    y, cache = layer.forward(x, training())
    layer.forward(rng.normal(size=x.shape), training())
    dx_again, gradients_again = layer.backward(dy, cache, training())
    assert np.array_equal(dx, dx_again)
    assert np.array_equal(gradients.vector, gradients_again.vector)


def test_gradients_are_assigned_to_the_given_memory(case, rng):
    build, x = case
    layer = build()
    y, cache = layer.forward(x, training())
    dy = rng.normal(size=y.shape)
    _, fresh = layer.backward(dy, cache, training())
    given = layer.view_of(np.full_like(layer.parameters.vector, 99.0))
    _, returned = layer.backward(dy, cache, training(), out=given)
    assert returned is given
    assert np.array_equal(given.vector, fresh.vector)


def test_parameter_gradients_do_not_need_the_input_gradient(case, rng):
    build, x = case
    layer = build()
    y, cache = layer.forward(x, training())
    dy = rng.normal(size=y.shape)
    _, complete = layer.backward(dy, cache, training())
    nothing, without = layer.backward(dy, cache, training(), input_gradient=False)
    assert nothing is None
    # not to the last bit: a convolution may sum in another order where dx is made too
    assert np.allclose(complete.vector, without.vector, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("training_mode", [True, False], ids=["training", "evaluation"])
def test_the_input_gradient_does_not_need_those_of_parameters(case, training_mode, rng):
    build, x = case
    layer = build()
    context = training() if training_mode else Context()
    alone = replace(context, parameter_gradients=False)
    y, cache = layer.forward(x, context)
    dy = rng.normal(size=y.shape)
    complete, _ = layer.backward(dy, cache, context)
    given = layer.view_of(np.full_like(layer.parameters.vector, 99.0))
    dx, returned = layer.backward(dy, cache, alone, out=given)
    assert np.allclose(dx, complete, rtol=1e-12, atol=1e-13)
    assert returned is given
    assert (given.vector == 99).all()


def test_evaluation_treats_every_sample_alone(case):
    build, x = case
    layer = build()
    together, _ = layer.forward(x)
    alone = np.concatenate([layer.forward(x[k : k + 1])[0] for k in range(SAMPLES)])
    assert np.allclose(together, alone, rtol=1e-12, atol=1e-14)


def test_a_share_without_samples_passes_through(case):
    build, x = case
    layer = build()
    y, cache = layer.forward(x[:0])
    dx, gradients = layer.backward(y, cache)
    assert y.shape == (0, *layer.output_shape(x.shape[1:]))
    assert dx.shape == x[:0].shape
    assert not gradients.vector.any()


def test_configuration_makes_the_same_layer(case):
    build, x = case
    layer = build()
    if type(layer) is Layer:
        pytest.skip("the base class is in no model file")
    twin = layer_from_config(layer.config())
    twin.build(x.shape[1:], np.random.default_rng(1), np.float64)
    assert twin.config() == layer.config()
    assert np.array_equal(twin.forward(x)[0], layer.forward(x)[0])


def test_every_registered_layer_is_in_the_table():
    tested = {type(make()).__name__ for make, _ in CASES.values()}
    assert (
        set(LAYERS) - {*QUANTIZED, "Join"} <= tested
    )  # integers are tested beside their arithmetic


def test_layers_with_numbers_for_each_channel_have_names_of_their_own():
    layers = [BatchNorm(), ScaleShift(), InstanceNorm(), PReLU(), Tanh(), PReLU(), Tanh(), Dense(2)]
    network = Sequential([*layers[:-1], Flatten(), layers[-1]])
    network.build((3, 2, 4), np.random.default_rng(0))
    names = [
        "gamma1",
        "beta1",
        "gamma2",
        "beta2",
        "gamma3",
        "beta3",
        "slope1",
        "slope2",
        "W1",
        "b1",
    ]
    assert list(network.parameters) == names

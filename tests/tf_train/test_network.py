"""ResNet50 in Keras: the network of keras.applications, and ours with the same weights."""

import os

import numpy as np
import pytest

from src.classic_nn import Context
from src.inference.pretrained import pretrained_network
from tests.load.weights.parity import random_array

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
tf = pytest.importorskip("tensorflow", reason="needs the extra 'tf'")
pytest.importorskip("h5py", reason="needs the extra 'tf'")
import keras  # noqa: E402

if keras.backend.backend() != "tensorflow":
    pytest.skip("Keras has been imported with another backend", allow_module_level=True)

from src.tf_train.network import (  # noqa: E402
    copy_from_keras,
    our_resnet50,
    paired_variables,
    set_colour,
    to_keras,
)

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CLASSES = 5


def built(shape, size, dtype=np.float64):
    """Ours, with random weights, also where batch normalization begins with ones and zeros."""
    rng = np.random.default_rng(3)
    network = our_resnet50(shape, size, CLASSES)
    network.build(shape, rng, dtype)
    set_colour(network)
    for name, array in {**network.parameters, **network.buffers}.items():
        fan_in = int(np.prod(array.shape[:-1]))
        array[...] = random_array(name, array.shape, fan_in, rng)
    return network


@pytest.fixture
def in_float64():
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(before[0])
    keras.config.set_dtype_policy(before[1])


SHAPES = {"grey": (36, 33, 1), "in colour": (33, 37, 3)}


@pytest.mark.usefixtures("in_float64")
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", SHAPES)
def test_both_give_the_same_outputs_and_gradients(name, training, rng):
    shape = SHAPES[name]
    network = built(shape, None)
    model = to_keras(network)
    x, dy = rng.uniform(size=(3, *shape)), rng.normal(size=(3, CLASSES))
    paired = paired_variables(model, network)
    assert {v.path for v in model.weights} == {v.path for v in paired.values()}
    trained = [paired[key].value for key in network.parameters]
    with tf.GradientTape() as tape:
        theirs = model(tf.constant(x), training=training)
        total = tf.reduce_sum(theirs * dy)
    expected = tape.gradient(total, trained)
    context = Context(training=training)
    y, cache = network.forward(x, context)
    np.testing.assert_allclose(theirs, y, rtol=1e-9, atol=1e-9 * np.abs(y).max())
    _, gradients = network.backward(dy, cache, context)
    largest = max(float(np.abs(g).max()) for g in gradients.values())
    for (key, ours), other in zip(gradients.items(), expected, strict=True):
        np.testing.assert_allclose(ours, other, rtol=1e-7, atol=1e-10 * largest, err_msg=key)


@pytest.mark.parametrize("size", [32, 64, 75])
def test_images_are_enlarged_alike(size, rng):
    network = built((28, 28, 1), size, np.float32)
    model = to_keras(network)
    x = rng.uniform(size=(2, 28, 28, 1)).astype(np.float32)
    theirs = keras.Model(model.input, model.get_layer("colour").output)(x)
    ours, _ = network[:"conv1"].forward(x)
    assert ours.shape == (2, size, size, 3)
    np.testing.assert_allclose(theirs, ours, atol=1e-6)


def test_weights_of_keras_own_resnet50_fit(tmp_path):
    """Keras's network, saved by Keras, read by our reader; and the twin of what was read."""
    theirs = keras.applications.ResNet50(
        weights=None, input_shape=(64, 64, 3), classes=CLASSES, classifier_activation=None
    )
    path = tmp_path / "x.weights.h5"
    theirs.save_weights(path)
    ours = pretrained_network("resnet50_v1", path, pixels=64).network
    twin = to_keras(ours)
    x = np.random.default_rng(0).normal(size=(4, 64, 64, 3)).astype(np.float32)
    expected = theirs.predict(x, verbose=0)
    largest = np.abs(expected).max()
    np.testing.assert_allclose(twin.predict(x, verbose=0), expected, atol=1e-4 * largest)
    np.testing.assert_allclose(ours.forward(x)[0], expected, atol=1e-4 * largest)
    names = {layer.name for layer in theirs.layers if layer.weights}
    assert names == {layer.name for layer in twin.layers if layer.weights}


def test_weights_come_back(rng):
    network = built((28, 28, 1), 32, np.float32)
    model = to_keras(network)
    for variable in model.weights:
        variable.assign(variable + 0.1 * rng.uniform(size=variable.shape) * np.abs(variable))
    copy_from_keras(model, network)
    x = rng.uniform(size=(6, 28, 28, 1)).astype(np.float32)
    expected = model.predict(x, verbose=0)
    largest = np.abs(expected).max()
    np.testing.assert_allclose(network.forward(x)[0], expected, atol=1e-4 * largest)

"""The hand-written layer is Keras's own, and ours: outputs, running statistics, all gradients."""

import os

import numpy as np
import pytest

from src.classic_nn import BatchNorm, Context

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
tf = pytest.importorskip("tensorflow", reason="needs the extra 'tf'")
import keras  # noqa: E402

if keras.backend.backend() != "tensorflow":
    pytest.skip("Keras has been imported with another backend", allow_module_level=True)

from src.tf_train.batch_normalization import BatchNormalization, normalize_batch  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SHAPES = [(7, 5), (4, 3, 6, 5), (2, 1, 1, 3), (16, 1)]
EPSILON = 1e-3


def arrays(shape, rng):
    """x, gamma, beta and an upstream gradient."""
    features = shape[-1]
    x = rng.normal(2, 3, shape)
    return x, rng.uniform(0.5, 2, features), rng.normal(size=features), rng.normal(size=shape)


def layers(gamma, beta, shape):
    """Ours in TensorFlow, and Keras's own, with the same arrays."""
    found = []
    for kind in (BatchNormalization, keras.layers.BatchNormalization):
        layer = kind(momentum=0.7, epsilon=EPSILON, dtype="float64")
        layer.build(shape)
        layer.gamma.assign(gamma)
        layer.beta.assign(beta)
        layer.moving_mean.assign(np.linspace(-1, 1, len(beta)))
        layer.moving_variance.assign(np.linspace(1, 2, len(beta)))
        found.append(layer)
    return found


def passes(layer, x, dy, training):
    """Output, and gradients of x, gamma and beta."""
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=training)
        total = tf.reduce_sum(y * dy)
    return [y, *tape.gradient(total, [x, layer.gamma.value, layer.beta.value])]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_keras_own_layer(shape, training, rng):
    x, gamma, beta, dy = arrays(shape, rng)
    mine, theirs = layers(gamma, beta, shape)
    for one, other in zip(
        passes(mine, x, dy, training), passes(theirs, x, dy, training), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)
    for name in ("moving_mean", "moving_variance"):
        np.testing.assert_allclose(getattr(mine, name), getattr(theirs, name), rtol=1e-12)
    moved = np.abs(np.asarray(mine.moving_mean) - np.linspace(-1, 1, shape[-1])).max()
    assert (moved > 0) == training


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_ours(shape, training, rng):
    x, gamma, beta, dy = arrays(shape, rng)
    mine, _ = layers(gamma, beta, shape)
    ours = BatchNorm(momentum=0.7, epsilon=EPSILON)
    ours.build(shape[1:], rng, np.float64)
    ours.parameters["gamma"][...], ours.parameters["beta"][...] = gamma, beta
    ours.buffers["running_mean"][...] = mine.moving_mean
    ours.buffers["running_variance"][...] = mine.moving_variance
    before = ours.buffers["running_variance"].copy()
    context = Context(training=training)
    y, cache = ours.forward(x, context)
    dx, gradients = ours.backward(dy, cache, context)
    expected = [y, dx, gradients["gamma"], gradients["beta"]]
    for one, other in zip(passes(mine, x, dy, training), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(mine.moving_mean, ours.buffers["running_mean"], rtol=1e-12)
    n = x.size // shape[-1]
    unbiased = (ours.buffers["running_variance"] - 0.7 * before) * (n - 1) / n + 0.7 * before
    np.testing.assert_allclose(mine.moving_variance, unbiased if training else before, rtol=1e-12)


def test_the_gradient_is_that_of_finite_differences(rng):
    x, gamma, beta, dy = arrays((3, 2, 4), rng)

    def total(*arguments):
        return float(tf.reduce_sum(normalize_batch(*map(tf.constant, arguments), EPSILON)[0] * dy))

    inputs = [tf.constant(array) for array in (x, gamma, beta)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = tf.reduce_sum(normalize_batch(*inputs, EPSILON)[0] * dy)
    for k, gradient in enumerate(tape.gradient(value, inputs)):
        direction = rng.normal(size=inputs[k].shape)
        moved = [[a + (j == k) * step * direction for j, a in enumerate((x, gamma, beta))]
                 for step in (1e-5, -1e-5)]  # fmt: skip
        slope = (total(*moved[0]) - total(*moved[1])) / 2e-5
        assert float(tf.reduce_sum(gradient * direction)) == pytest.approx(slope, rel=1e-7)


def test_a_frozen_layer_uses_and_keeps_its_running_statistics(rng):
    x, gamma, beta, dy = arrays((6, 3), rng)
    mine, _ = layers(gamma, beta, (6, 3))
    evaluated = passes(mine, x, dy, training=False)[0]
    mine.trainable = False
    np.testing.assert_array_equal(mine(tf.constant(x), training=True), evaluated)


def test_keras_saves_and_loads_it(rng, tmp_path):
    model = keras.Sequential([keras.Input((3,)), BatchNormalization(momentum=0.8, epsilon=0.01)])
    model.layers[0].gamma.assign([1.0, 2.0, 3.0])
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = keras.saving.load_model(path)
    assert (loaded.layers[0].momentum, loaded.layers[0].epsilon) == (0.8, 0.01)
    x = rng.normal(size=(4, 3)).astype(np.float32)
    np.testing.assert_array_equal(model.predict(x, verbose=0), loaded.predict(x, verbose=0))

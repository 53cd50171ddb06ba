"""The same numbers as Keras' networks with the same weights: forward and all gradients.

Keras computes with PyTorch here. Its weights are read from files that it wrote. Skipped without
Keras, PyTorch or h5py.
"""

import os

import numpy as np
import pytest

from src.load.weights import read_weight_file
from tests.load.weights.parity import (
    CLASSES,
    assert_arrays_close,
    assert_close,
    joined,
    random_array,
)

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")
pytest.importorskip("h5py", reason="needs the extra 'keras'")
os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras", reason="pip install keras==3.15.1")
if keras.backend.backend() != "torch":
    pytest.skip("Keras has been imported with another backend", allow_module_level=True)

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


@pytest.fixture(autouse=True)
def _float64(monkeypatch):
    """The type of all that Keras makes; with PyTorch it would multiply matrices in float32."""
    from keras.src.backend.common import dtypes

    monkeypatch.setitem(dtypes.BIT64_TO_BIT32_DTYPE, "float64", "float64")
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(before[0])
    keras.config.set_dtype_policy(before[1])


CASES = {
    "ResNet50": ("resnet50", (65, 49, 3)),
    "ResNet50V2": ("resnet50_v2", (65, 49, 3)),
    "VGG16": ("vgg16", (64, 36, 3)),
    "InceptionV3": ("inception_v3", (75, 80, 3)),
    "MobileNetV2": ("mobilenet_v2", (65, 48, 3)),
    "EfficientNetB0": ("efficientnet_b0", (65, 48, 3)),
}
"""Name with us, and images."""


def model_of(theirs, rng):
    """A model of Keras with random weights."""
    make = getattr(keras.applications, theirs)
    image = CASES[theirs][1]
    model = make(weights=None, input_shape=image, classes=CLASSES, classifier_activation=None)
    for variable in model.weights:
        path, shape = variable.path, tuple(variable.shape)
        if path.startswith("normalization"):
            continue  # of images
        depthwise = "depthwise" in path or "dwconv" in path
        fan_in = np.prod(shape[:2] if depthwise else shape[:-1], dtype=int)
        variable.assign(random_array(path, shape, fan_in, rng))
    return model


def written(model, path):
    """What a file has of a model: of Keras 3 (.weights.h5), or of older ones (.h5)."""
    if path.name.endswith(".weights.h5"):
        model.save_weights(path)
    else:
        model.save(path)
    return read_weight_file(path)


@pytest.mark.parametrize("theirs", CASES)
def test_network(theirs, rng, tmp_path):
    name, image = CASES[theirs]
    model = model_of(theirs, rng)
    file = written(model, tmp_path / "x.weights.h5")
    layout, network = joined(name, file, "keras", image, dtype=np.float64)
    levels = 255 if theirs == "EfficientNetB0" else 1  # which divides them by 255
    x = rng.normal(size=(2, *image))
    leaf = torch.from_numpy(x * levels).requires_grad_()
    output = model(leaf, training=False)
    y, cache = network.forward(x)
    assert_close(y, output.detach().numpy(), 1e-8, "y")
    dy = rng.normal(size=y.shape)
    output.backward(torch.from_numpy(dy))
    dx, gradients = network.backward(dy, cache)
    assert_close(dx, leaf.grad.numpy() * levels, 1e-8, "dx")
    compared = {k: g for k, g in gradients.items() if k.rpartition(".")[2] not in layout.without}
    assert len(model.trainable_weights) == len(compared)
    for variable in model.trainable_weights:
        variable.assign(variable.value.grad)
    other = written(model, tmp_path / "gradients.weights.h5").arrays
    assert_arrays_close(compared, other, layout, 1e-8)


@pytest.mark.parametrize("theirs", ["InceptionV3", "MobileNetV2", "EfficientNetB0"])
def test_older_files_have_the_same_arrays_by_the_same_names(theirs, rng, tmp_path):
    model = model_of(theirs, rng)
    new = written(model, tmp_path / "x.weights.h5").arrays
    old = written(model, tmp_path / "x.h5").arrays
    assert new.keys() == old.keys()
    assert all(np.array_equal(new[name], old[name]) for name in new)


def test_layers_without_names_are_counted_from_one_in_the_order_they_were_made(rng, tmp_path):
    keras.backend.clear_session()
    models = [model_of("InceptionV3", np.random.default_rng(0)) for _ in range(2)]
    assert [model.layers[1].name for model in models] == ["conv2d", "conv2d_94"]
    first, second = (written(model, tmp_path / "x.weights.h5").arrays for model in models)
    assert first.keys() == second.keys()
    assert {"conv2d_1/kernel", "conv2d_94/kernel", "batch_normalization_94/beta"} < first.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_state_of_training_is_no_weight(tmp_path, rng):
    """Of the optimizer, and arrays of layers inside of layers."""
    layers = keras.layers
    inner = [layers.Conv2D(4, 3, use_bias=False, name="a"), layers.BatchNormalization(name="b")]
    model = keras.Sequential(
        [
            *(keras.Input((8, 8, 3)), keras.Sequential(inner, name="inner")),
            *(layers.Flatten(), layers.Dropout(0.5), layers.Dense(2, name="c")),
        ]
    )
    model.compile("adam", "mse")
    model.train_on_batch(rng.normal(size=(2, 8, 8, 3)), rng.normal(size=(2, 2)))
    weights = {"a/kernel", "b/gamma", "b/beta", "b/moving_mean", "b/moving_variance"}
    weights |= {"c/kernel", "c/bias"}
    names = written(model, tmp_path / "x.weights.h5").arrays
    assert {name for name in names if not name.startswith("optimizer")} == weights
    assert set(written(model, tmp_path / "x.h5").arrays) == weights

"""Pretrained networks against the outputs of the programs that their weights came from."""

import tracemalloc

import numpy as np
import pytest
from PIL import Image

from src.classic_cnn.architectures import create_network
from src.classic_cnn.fold_batch_norm import fold_batch_norm
from src.classic_nn.context import PREDICTION
from src.classic_nn.serialization import load_model, save_model
from src.inference import Classifier
from src.inference.pretrained import FEATURES, pretrained_network
from src.load.errors import UnreadableDataError
from src.load.transforms import transform_from_config
from src.load.weights import fetch_weights
from tests.load.weights.files import save_weights
from tests.paths import real_weights

REFERENCES = {
    # file: architecture, settings, largest error relative to the largest output
    "resnet50_v1_folded": ("resnet50_v1", {}, 1e-5),
    "efficientnet_lite0": ("efficientnet_lite0", {}, 1e-5),
    "efficientnet_lite2": ("efficientnet_lite2", {}, 1e-5),
    "vgg16_notop": ("vgg16", {}, 1e-5),
    "efficientnet_b0_partial": ("efficientnet_b0", {"until": "stage6"}, 1e-4),
    "inception_v3_finetuned_notop": ("inception_v3", {"scaling": "unit"}, 1e-4),
    # of weights before they were rounded to 16 bits
    "squeezenet1_1": ("squeezenet1_1", {}, 1e-3),
}

NAMED = {
    "resnet50_v1_folded": ["banana", "custard apple", "pineapple"],
    "efficientnet_lite2": ["banana", "grocery store", "pineapple"],
}
"""What the three reference photos show, by ImageNet's names."""


def references(name):
    with np.load(real_weights(f"{name}_reference.npz")) as file:
        return [(file[f"input_{k}"], file[f"output_{k}"]) for k in range(3)]


def prepared(model, x):
    """A network's input from a photo, or from what is an input already, channels first."""
    if x.dtype == np.uint8:
        transform = transform_from_config(model.preprocessing["transform"])
        return transform(Image.fromarray(x), np.random.default_rng(0))[np.newaxis]
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1) if x.shape[1] == 3 else x)


@pytest.mark.parametrize("name", REFERENCES)
def test_outputs_are_those_of_the_original_program(name):
    architecture, settings, tolerance = REFERENCES[name]
    model = pretrained_network(architecture, real_weights(f"{name}.safetensors"), **settings)
    assert model.data["weights"]["left_over"] == []
    folded = fold_batch_norm(model.network)
    for network, limit in ((model.network, tolerance), (folded, 2 * tolerance)):
        for x, expected in references(name):
            part = network[:"pool"] if expected.ndim == 4 else network
            y, _ = part.forward(prepared(model, x), PREDICTION)
            assert np.abs(y - expected).max() <= limit * np.abs(expected).max()


@pytest.mark.parametrize("name", NAMED)
def test_photos_are_named_right(name):
    model = pretrained_network(REFERENCES[name][0], real_weights(f"{name}.safetensors"))
    classifier = Classifier(model)
    photos = [Image.fromarray(x) for x, _ in references(name)]
    found = [prediction.labels[0] for prediction in classifier.predict(photos)]
    assert [label.split(",")[0] for label in found] == NAMED[name]


def test_a_model_file_keeps_network_names_and_preprocessing(tmp_path):
    model = pretrained_network("efficientnet_lite0", real_weights("efficientnet_lite0.safetensors"))
    save_model(tmp_path / "m.safetensors", model)
    again = load_model(tmp_path / "m.safetensors")
    x = prepared(again, references("efficientnet_lite0")[0][0])
    assert (again.network.forward(x)[0] == model.network.forward(x)[0]).all()
    assert again.class_names == model.class_names


def test_probabilities_of_a_head_of_eight_bits():
    """The body is exact, the head was rounded: what is most probable stays."""
    path = real_weights("mobilenet_v2_tflite_top1001.safetensors")
    model = pretrained_network("mobilenet_v2", path)
    assert model.class_names[0] == "background"
    for x, expected in references("mobilenet_v2_tflite"):
        logits = model.network.forward(prepared(model, x), PREDICTION)[0]
        probabilities = np.exp(logits - logits.max())
        probabilities /= probabilities.sum()
        assert probabilities.argmax() == expected.argmax()
        assert np.abs(probabilities - expected).max() < 0.003


@pytest.mark.parametrize(
    ("name", "architecture", "stage", "said"),
    [
        ("efficientnet_b0_partial", "efficientnet_b0", "stage6", "complete up to stage6"),
        ("efficientnet_b4_partial", "efficientnet_b4", "stage6", "complete up to stage6"),
    ],
)
def test_a_file_that_has_not_all_says_how_far_it_goes(name, architecture, stage, said):
    path = real_weights(f"{name}.safetensors")
    with pytest.raises(UnreadableDataError, match=said):
        pretrained_network(architecture, path)
    model = pretrained_network(architecture, path, until=stage, pixels=64)
    assert model.task == FEATURES
    assert [layer.name for layer in model.network.layers][-2:] == [stage, "pool"]


@pytest.fixture
def file(tmp_path, rng):
    network = save_weights(tmp_path / "w.safetensors", "mobilenet_v2", "torchvision", rng, 7)
    return tmp_path / "w.safetensors", network


def test_the_head_of_the_file(file):
    model = pretrained_network("mobilenet_v2", file[0])
    assert model.network.parameters["head.W"].shape == (1280, 7)
    assert model.class_names == []  # nobody knows them
    assert (model.network.parameters.vector == file[1].parameters.vector).all()


def test_fetched_weights_keep_their_layout_wherever_they_are_named(tmp_path, rng, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_weights(tmp_path / "w.safetensors", "efficientnet_b1", "timm_tf", rng)
    path = fetch_weights("efficientnet_b1", tmp_path / "w.safetensors", lambda text: None)
    for weights in ("imagenet", path, path.resolve()):
        model = pretrained_network("efficientnet_b1", weights, pixels=64)
        assert model.data["weights"]["layout"] == "timm_tf"
        assert model.network["stem.conv"].padding == "same_tf"
        assert model.network["stem.bn"].epsilon == 1e-3
    with pytest.raises(UnreadableDataError, match="say which, as layout="):
        pretrained_network("efficientnet_b1", tmp_path / "w.safetensors")


def test_a_new_head(file, rng):
    model = pretrained_network("mobilenet_v2", file[0], classes=3, pixels=32, rng=rng)
    parameters = model.network.parameters
    assert parameters["head.W"].shape == (1280, 3)
    assert parameters["head.W"].std() > 0
    assert (parameters["stem.conv.W"] == file[1].parameters["stem.conv.W"]).all()
    assert model.network.built_shape() == (32, 32, 3)


def test_features(file):
    model = pretrained_network("mobilenet_v2", file[0], head=False, pixels=32)
    assert model.network.layers[-1].name == "pool"
    assert model.task == FEATURES
    with pytest.raises(ValueError, match="a model for features does not classify"):
        Classifier(model)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"name": "mobilenet"}, "unknown architecture 'mobilenet': did you mean 'mobilenet_v2'"),
        ({"until": "stage9"}, "unknown stage 'stage9': did you mean"),
        ({"layout": "keras"}, "arrays of the network are missing"),
        ({"classes": 3, "head": False}, "classes are those of a head"),
        ({"layout": "torch"}, "unknown layout 'torch': did you mean 'torchvision'"),
        ({"scaling": "torch"}, "unknown preprocessing 'torch'"),
        ({"weights": "missing.safetensors"}, "missing.safetensors: no such file"),
        ({"name": "resnet18"}, "not weights of resnet18"),
        ({"pixels": 0, "name": "vgg16"}, "not weights of vgg16"),
    ],
)
def test_mistakes_get_one_line(arguments, said, file):
    with pytest.raises(ValueError, match=said) as raised:
        pretrained_network(**{"name": "mobilenet_v2", "weights": file[0], **arguments})
    assert "\n" not in str(raised.value)


def test_images_that_are_too_small():
    path = real_weights("inception_v3_finetuned_notop.safetensors")
    with pytest.raises(ValueError, match="smaller than a kernel"):
        pretrained_network("inception_v3", path, pixels=40)


def test_prediction_holds_one_layers_maps_and_no_caches(rng):
    """ResNet50 and a photo of 224: 13 MiB at most at any time; the caches alone were 92."""
    network = create_network("resnet50")
    network.build((224, 224, 3), None)
    x = rng.normal(size=(1, 224, 224, 3)).astype(np.float32)
    network.forward(x, PREDICTION)  # what is made once
    tracemalloc.start()
    y, caches = network.forward(x, PREDICTION)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 2**20 + y.nbytes
    assert {type(cache) for cache in caches} <= {type(None), object}  # FUSED, where a ReLU was
    assert peak < 20 * 2**20

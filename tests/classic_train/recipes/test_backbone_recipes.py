"""Every recipe's models on pretrained networks: which backbone and settings, and a short run."""

import json

import numpy as np
import pytest
from PIL import Image

from src.classic_train.__main__ import main
from src.classic_train.cli.parsers import OptionError
from src.classic_train.cli.resolve import resolve_options
from src.classic_train.recipes.backbone_choice import EFFICIENTNET, first_available
from src.classic_train.recipes.registry import RECIPES
from src.inference import load_model
from tests.classic_train.photo_sets import SETS, tinted
from tests.load.weights.files import save_weights
from tests.programs import run_main

pytestmark = pytest.mark.usefixtures("without_drawing")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Data of all recipes, and weights of a small network under several names."""
    directory = tmp_path_factory.mktemp("recipes")
    for name, make in SETS.items():
        make(directory / name)
    weights = directory / "weights"
    weights.mkdir()
    rng = np.random.default_rng(3)
    save_weights(weights / "squeezenet1_1.safetensors", "squeezenet1_1", "torchvision", rng)
    save_weights(weights / "mobilenet_v2.safetensors", "mobilenet_v2", "torchvision", rng)
    return directory


@pytest.fixture
def inside(place, monkeypatch):
    monkeypatch.chdir(place)
    monkeypatch.setenv("CLASSIC_NN_WEIGHTS", str(place / "weights"))
    return place


def settled(recipe, **given):
    recipe = RECIPES[recipe]
    given = recipe.settle(given)
    return resolve_options(recipe.defaults(given.get("model", "")), given)


def train(inside, recipe, *arguments):
    """The new run's directory, and its settings."""
    runs = inside / "assets/runs"
    before = set(runs.glob("*"))
    small = ["--epochs", "1", "--batch-size", "8", "--quiet", "--image-size", "40"]
    status, _, error = run_main(main, inside, recipe, "--data", recipe, *small, *arguments)
    assert status == 0, error
    (run,) = set(runs.glob("*")) - before
    return run, json.loads((run / "config.json").read_text())


@pytest.mark.parametrize(
    ("recipe", "arguments"),
    [
        ("dishes", ["--model", "efficientnet", "--backbone", "squeezenet1_1"]),
        ("tomato", ["--model", "resnet50", "--backbone", "squeezenet1_1"]),
        ("grocery", ["--backbone", "squeezenet1_1", "--labels", "fine"]),
        ("produce", ["--backbone", "mobilenet_v2"]),
        ("plants", ["--model", "resnet50_v1", "--backbone", "squeezenet1_1"]),
        ("plants", ["--model", "resnet50_v2", "--backbone", "squeezenet1_1"]),
    ],
)
def test_a_head_on_a_backbone_is_trained_and_answers(inside, recipe, arguments):
    run, config = train(inside, recipe, *arguments)
    assert config["backbone"] == arguments[arguments.index("--backbone") + 1]
    fine_tuned = {"grocery": "fire8"}  # the stage before the last one with weights
    assert config["freeze"] == fine_tuned.get(recipe, "all")
    photo = next(path for path in (inside / recipe).rglob("*.png"))
    assert not load_model(run / "model.safetensors").predict(photo)[0].error
    model = load_model(run / "model.safetensors").model
    assert model.class_means.shape[0] == len(load_model(run / "model.safetensors").classes)
    assert 0.05 <= model.temperature <= 20


def test_the_third_head_takes_maps(inside):
    """Of 96 x 96 photos these have 5 x 5 places; of 40 x 40 one, too small to be pooled."""
    run, _ = train(
        *(inside, "plants", "--model", "resnet50_v3", "--backbone", "squeezenet1_1"),
        *("--image-size", "96", "--filters", "4", "--hidden", "6"),
    )
    model = load_model(run / "model.safetensors").model
    names = [layer.name for layer in model.network.layers]
    assert "pool" not in names
    assert [type(layer).__name__ for layer in model.network["head"].layers][:4] == [
        *("Conv2D", "BatchNorm", "ReLU", "MaxPool2D")
    ]


def test_imagenet_100_is_read_as_kaggle_has_it(inside):
    """Four folders of different classes, one of validation, names in a JSON file."""
    names = {f"n{number:08d}": f"thing {number}, res {number}" for number in range(100)}
    for number, folder in enumerate(names):
        for part, count in ((f"train.X{number // 25 + 1}", 7), ("val.X", 1)):
            (inside / "imagenet100" / part / folder).mkdir(parents=True)
            for k in range(count):
                photo = tinted(1000 * number + 10 * k + (part == "val.X"), number)
                photo.save(inside / "imagenet100" / part / folder / f"{k}.png")
    (inside / "imagenet100/Labels.json").write_text(json.dumps(names))
    run, config = train(
        *(inside, "imagenet100", "--model", "vgg16", "--backbone", "squeezenet1_1"),
        *("--activation", "leaky_relu", "--hidden", "16", "--cache-features", "1"),
    )
    assert (config["freeze"], config["patience"], config["dropout"]) == ("all", 3, 0.5)
    model = load_model(run / "model.safetensors").model
    assert sorted(model.class_names) == sorted(names.values())
    assert config["fingerprint"]["samples"]["test"] == 100
    assert 500 < config["fingerprint"]["samples"]["train"] < 700
    assert "LeakyReLU" in str(model.network.config())


def test_models_have_the_documents_settings():
    dishes = RECIPES["dishes"].defaults("efficientnet")
    assert (dishes.image_size, dishes.hidden, dishes.dropout) == (288, (256,), 0.5)
    assert (dishes.optimizer, dishes.learning_rate, dishes.batch_size) == ("radam", 0.001, 32)
    assert (dishes.schedule, dishes.save_every, dishes.keep) == (
        *("plateau:factor=0.9,patience=0", 1),
        "best",
    )
    assert RECIPES["plants"].defaults("resnet50_v1").hidden == (150,)
    assert RECIPES["plants"].defaults("resnet50_v1").miss_weight == 3
    assert len(RECIPES["plants"].defaults("resnet50_v2").hidden) == 3  # and the output
    imagenet = RECIPES["imagenet100"].defaults("vgg16")
    assert (imagenet.optimizer, imagenet.learning_rate) == ("adam", 0.001)
    assert set(RECIPES["imagenet100"].models) == {
        *("vgg16", "inception_v3", "resnet50", "efficientnet")
    }


def test_the_first_network_of_which_there_are_weights_is_taken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLASSIC_NN_WEIGHTS", str(tmp_path))
    with pytest.raises(OptionError, match=r"python -m src\.load weights efficientnet_b2"):
        settled("dishes", model="efficientnet")
    (tmp_path / "efficientnet_lite2.safetensors").touch()
    options = settled("dishes", model="efficientnet")
    assert (options.backbone, options.image_size) == ("efficientnet_lite2", 288)
    assert "there are no weights of efficientnet_b2 here" in RECIPES["dishes"].note(options)
    (tmp_path / "efficientnet_b2.safetensors").touch()
    options = settled("dishes", model="efficientnet")
    assert options.backbone == "efficientnet_b2"
    assert RECIPES["dishes"].note(options) == ""
    assert first_available(EFFICIENTNET) == "efficientnet_b2"


def test_resnet50_is_its_first_version_where_only_that_is_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLASSIC_NN_WEIGHTS", str(tmp_path))
    (tmp_path / "resnet50_v1_folded.safetensors").touch()
    for given in ({"model": "resnet50"}, {"backbone": "resnet50"}):
        options = settled("tomato", **given)
        assert options.backbone == "resnet50_v1"
        assert options.image_size == 224
    assert settled("tomato", backbone="resnet50").model == "backbone"
    assert settled("tomato").model == "cnn"
    assert settled("tomato", backbone="none").backbone == "none"


@pytest.mark.parametrize(
    ("recipe", "given", "said"),
    [
        ("dishes", {"model": "efficientnet", "backbone": "none"}, "stands on a pretrained network"),
        ("dishes", {"model": "efficientnet", "backbone": "resnet51"}, "unknown backbone"),
        ("tomato", {"backbone": "squeezenet1_1", "color": "grey"}, "photos in colour"),
        ("tomato", {"model": "resnet50", "weights": "f.npz"}, "--weights: say of which network"),
    ],
)
def test_backbones_that_cannot_be_are_refused(inside, recipe, given, said):
    with pytest.raises(OptionError, match=said):
        settled(recipe, **given)


def test_another_model_s_settings_are_refused(inside):
    status, _, error = run_main(main, inside, "dishes", "--model", "cnn", "--backbone", "resnet50")
    assert (status, error.count("\n")) == (2, 1)
    assert "--backbone: the network cnn of dishes does not use it" in error
    status, _, error = run_main(main, inside, "sign_mnist", "--image-size", "64")
    assert (status, error.count("\n")) == (2, 1)
    assert "--image-size: the network cnn does not use it" in error


def test_hand_signs_are_enlarged_and_in_colour(inside):
    rng = np.random.default_rng(0)
    (inside / "signs").mkdir(exist_ok=True)
    heading = ",".join(["label", *(f"pixel{k}" for k in range(1, 785))])
    for name, count in (("train", 60), ("test", 12)):
        rows = [
            ",".join(map(str, [number % 3, *rng.integers(0, 256, 784)])) for number in range(count)
        ]
        path = inside / f"signs/sign_mnist_{name}.csv"
        path.write_text("\n".join([heading, *rows]))
    status, _, error = run_main(
        *(main, inside, "sign_mnist", "--model", "resnet50", "--backbone", "squeezenet1_1"),
        *("--data", "signs", "--image-size", "40", "--epochs", "1", "--quiet"),
        *("--output-dir", "out", "--freeze", "fire7"),
    )
    assert status == 0, error
    (path,) = (inside / "out").glob("*/model.safetensors")
    classifier = load_model(path)
    network = classifier.model.network
    x = rng.random((2, 28, 28, 1)).astype(np.float32)
    colour, _ = network[:2].forward(x)
    assert colour.shape == (2, 40, 40, 3)
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    grey = network["enlarge"].forward(x)[0]
    assert np.allclose(colour, (grey - mean) / std, atol=1e-5)
    picture = Image.fromarray((255 * x[0, ..., 0]).astype(np.uint8))
    assert not classifier.predict(picture)[0].error


def test_a_model_s_own_number_of_views_gives_way_to_what_was_asked(inside):
    for given in ({"freeze": "none"}, {"unfreeze": "fire9@3"}):
        options = settled("plants", model="backbone", backbone="squeezenet1_1", **given)
        assert options.cache_features == "auto"
    assert settled("plants", model="backbone", backbone="squeezenet1_1").cache_features == 4

"""An option that is accepted is used, and only what was used stands in the files of a run."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest

from src.classic_train.__main__ import main
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.cli.parsers import OptionError
from src.classic_train.data.splits import ArrayData
from src.classic_train.mini_batch import ArrayDataset
from src.classic_train.recipes.networks import NETWORK_OPTIONS, reads
from src.classic_train.recipes.registry import RECIPES
from tests.classic_train.photo_sets import SETS
from tests.load.weights.files import save_weights

NETWORKS = {
    f"{recipe.name} {name}": (recipe, name) for recipe in RECIPES.values() for name in recipe.models
}


class Listening:
    """Options that remember which of them were read."""

    def __init__(self, options):
        self.options, self.heard = options, set()

    def __getattr__(self, name):
        self.heard.add(name)
        return getattr(self.options, name)


def images(side, channels, classes=3):
    data = ArrayDataset(np.zeros((6, side, side, channels), np.float32), np.arange(6) % classes)
    return ArrayData(data, data, data, [str(k) for k in range(classes)], "images")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "squeezenet1_1.safetensors"
    save_weights(path, "squeezenet1_1", "torchvision", np.random.default_rng(0))
    return path


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_reads_what_it_declares_and_nothing_else(name, weights):
    recipe, model = NETWORKS[name]
    chosen = replace(recipe.defaults(model), dropout=0.25, hidden=(8,))
    if "backbone" in recipe.models[model].reads:
        chosen = replace(chosen, backbone="squeezenet1_1", weights=str(weights), image_size=32)
    options = Listening(chosen)
    network = recipe.models[model]
    network.builder(options, images(32, 3))
    assert options.heard & NETWORK_OPTIONS == network.reads - network.elsewhere


def test_reading_an_undeclared_option_is_an_error():
    network = reads("dropout")(lambda options, data: options.hidden)
    with pytest.raises(AttributeError, match="does not declare that it reads --hidden"):
        network(TrainingOptions(), images(8, 1))


@pytest.mark.parametrize("name", RECIPES)
def test_defaults_of_every_recipe_are_fields_that_exist(name):
    recipe = RECIPES[name]
    known = {f.name for f in fields(recipe.options)}
    assert set(recipe.without) <= known
    for model, changed in recipe.model_options.items():
        assert set(changed) & NETWORK_OPTIONS <= recipe.models[model].reads
    assert recipe.settings_of() == set().union(*map(recipe.settings_of, recipe.models))


def test_files_of_a_run_hold_the_settings_that_it_used(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["digits", "--epochs", "1", "--quiet"]) == 0
    (run,) = (tmp_path / "assets/runs").iterdir()
    config = json.loads((run / "config.json").read_text())
    unused = {"hidden", "filters", "activation", "initialization", "miss_weight", "train_samples"}
    assert not unused & config.keys()
    assert {"dropout", "epochs", "seed", "workers"} <= config.keys()
    report = (run / "report.md").read_text()
    assert "| dropout | 0.5 |" in report
    assert not [name for name in unused if f"| {name} |" in report]


def test_the_help_shows_what_some_model_of_the_recipe_uses(capsys):
    shown = {}
    for recipe in ("digits", "dishes", "produce"):
        with pytest.raises(SystemExit):
            main([recipe, "--help"])
        shown[recipe] = capsys.readouterr().out
    assert "--hidden" not in shown["digits"]
    assert "--miss-weight" not in shown["digits"]
    assert "--filters" in shown["dishes"]
    assert "--negatives" not in shown["dishes"]
    assert "--hidden" in shown["produce"]
    assert "--filters" in shown["produce"]


def test_a_missed_label_needs_labels():
    recipe = RECIPES["grocery"]
    options = replace(recipe.options, miss_weight=3.0)
    with pytest.raises(OptionError, match="--miss-weight: samples of images have one of several"):
        recipe.create_loss(options, images(8, 3))
    labels = ArrayDataset(np.zeros((4, 2)), np.zeros((4, 3)))
    data = ArrayData(labels, labels, labels, ["a", "b", "c"], "labels")
    for name in ("grocery", "plants", "tomato", "produce", "binary", "multi_label", "batch_norm"):
        loss = RECIPES[name].create_loss(replace(RECIPES[name].options, miss_weight=3.0), data)
        assert loss.pos_weight == 3.0, name


def test_a_folder_with_the_name_of_the_recipes_own_data_is_that_folder(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    small = ["--epochs", "1", "--image-size", "16", "--filters", "4", "--batch-size", "8"]
    assert main(["plants", "--data", "plants", *small]) == 2
    assert "there are no photos in assets/plants" in capsys.readouterr().err
    SETS["plants"](tmp_path / "plants")
    assert main(["plants", *small]) == 2  # not named: the recipe's own place
    capsys.readouterr()
    assert main(["plants", "--data", "plants", *small, "--quiet"]) == 0
    (run,) = (tmp_path / "assets/runs").iterdir()
    config = json.loads((run / "config.json").read_text())
    assert config["data"] == str(tmp_path / "plants")


def test_older_checkpoints_call_filters_hidden():
    recipe = RECIPES["tomato"]
    saved = recipe.options.as_dict()
    del saved["filters"]
    options = recipe.saved_options({**saved, "hidden": [8, 16]})
    assert options.filters == (8, 16)
    saved = RECIPES["multi_label"].options.as_dict()
    del saved["filters"]
    assert RECIPES["multi_label"].saved_options({**saved, "hidden": [3]}).hidden == (3,)

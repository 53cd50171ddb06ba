"""The recipes on photos, by their commands, on small data of their kinds, and on real ones."""

import csv
import json

import numpy as np
import pytest

from src.classic_train.__main__ import main
from src.classic_train.recipes.registry import RECIPES
from src.inference import load_model
from src.load import load_dataset
from tests.classic_train.photo_sets import SETS, class_folders, yolo
from tests.conftest import draw_nothing
from tests.real_sample import sampled_data

pytestmark = pytest.mark.usefixtures("without_drawing")

TWO_EPOCHS = ["--epochs", "2", "--batch-size", "8", "--image-size", "32"]
NARROW = ["--filters", "8,8", "--quiet"]


def only_run(directory):
    (path,) = (directory / "assets" / "runs").iterdir()
    return path


def predictions_of(run):
    """Rows of predictions.csv, and the probabilities in them, (samples, classes)."""
    with (run / "predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = [name for name in rows[0] if name.startswith("p(")]
    return rows, np.array([[np.float32(row[c]) for c in columns] for row in rows])


@pytest.fixture(scope="module", params=list(SETS))
def trained(request, tmp_path_factory):
    """A short run of a recipe: its name, where its photos are, its directory."""
    directory = tmp_path_factory.mktemp(request.param)
    photos = SETS[request.param](directory / "photos")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(directory)
        if request.param not in ("dishes", "produce"):  # one of each kind of report is drawn
            draw_nothing(patch)
        assert main([request.param, "--data", "photos", *TWO_EPOCHS, *NARROW]) == 0
    return request.param, photos, only_run(directory)


def test_a_run_leaves_a_model_figures_pictures_and_a_page(trained):
    name, _, run = trained
    config = json.loads((run / "config.json").read_text())
    assert (config["recipe"], config["epochs"], config["image_size"]) == (name, 2, 32)
    assert config["versions"]["numpy"] == np.__version__
    metrics = json.loads((run / "metrics.json").read_text())
    assert len(metrics["history"]) == 2
    assert len(metrics["data"]["sha256"]) == 64
    assert config["fingerprint"] == metrics["data"]
    page = (run / "report.md").read_text()
    shown = {part.split(")")[0] for part in page.split("](")[1:]}
    assert {path.name for path in run.glob("*.png")} <= shown
    assert all((run / file).exists() for file in shown), shown
    with (run / "epochs.csv").open(newline="") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]


def test_every_epoch_of_dishes_is_kept_and_can_be_used(trained):
    name, photos, run = trained
    epochs = sorted(path.name for path in run.glob("epochs/*"))
    assert epochs == (["epoch-0001.safetensors", "epoch-0002.safetensors"] * (name == "dishes"))
    for epoch in run.glob("epochs/*"):
        assert len(load_model(epoch).predict(photos / "test" / "clean" / "000.png")) == 1


def test_the_saved_model_gives_the_numbers_of_training_bit_for_bit(trained):
    name, photos, run = trained
    rows, probabilities = predictions_of(run)
    classifier = load_model(run / "model.safetensors")
    dataset = RECIPES[name].read_directory(photos, options_of(name)).photos
    again = classifier.probabilities(dataset.images, dataset.splits["test"])
    assert np.array_equal(classifier.class_probabilities(again), probabilities)
    one_thread = load_model(run / "model.safetensors", threads=1)
    assert np.array_equal(one_thread.probabilities(dataset.images, dataset.splits["test"]), again)
    samples = [dataset.images[int(row)] for row in dataset.splits["test"]]
    for prediction, row in zip(classifier.predict(samples), rows, strict=True):
        assert (", ".join(prediction.labels) or "nothing") == row["predicted"]


def options_of(name):
    """The settings of ``TWO_EPOCHS``."""
    from dataclasses import replace

    return replace(RECIPES[name].options, epochs=2, batch_size=8, image_size=32)


def test_the_model_knows_what_it_was_trained_on(trained):
    name, photos, run = trained
    model = load_model(run / "model.safetensors").model
    data = RECIPES[name].read_directory(photos, options_of(name))
    assert model.data["sha256"] == data.digest()
    assert model.data["samples"] == {split: len(rows) for split, rows in data.photos.splits.items()}
    assert set(model.photo_digests) == {"train", "validation"}
    shared = set(model.photo_digests["train"]) & set(model.photo_digests["validation"])
    assert not shared


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    SETS["tomato"](tmp_path / "photos")
    common = ["tomato", "--data", "photos", *TWO_EPOCHS[2:], *NARROW, "--schedule", "constant"]
    assert main([*common, "--epochs", "3", "--output-dir", "whole"]) == 0
    assert main([*common, "--epochs", "2"]) == 0
    run = only_run(tmp_path)
    assert main(["tomato", "--resume", str(run), "--epochs", "3", "--quiet"]) == 0
    (whole,) = (tmp_path / "whole").iterdir()
    assert (run / "predictions.csv").read_text() == (whole / "predictions.csv").read_text()


def test_negatives_are_of_the_first_class(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    SETS["plants"](tmp_path / "photos")
    class_folders(tmp_path / "anything", {"cat": 12, "dog": 11})
    arguments = ["plants", "--data", "photos", "--negatives", "anything", *TWO_EPOCHS, *NARROW]
    assert main([*arguments, "--miss-weight", "3", "--specificity", "0.9"]) == 0
    model = load_model(only_run(tmp_path) / "model.safetensors").model
    assert sum(model.data["samples"].values()) <= 45 + 23
    assert list(model.class_names) == ["other", "plant"]
    assert model.threshold != 0.5


@pytest.mark.parametrize("labels", ["fine", "coarse"])
def test_grocery_with_one_kind_of_classes(labels, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    SETS["grocery"](tmp_path / "photos")
    assert main(["grocery", "--data", "photos", "--labels", labels, *TWO_EPOCHS, *NARROW]) == 0
    model = load_model(only_run(tmp_path) / "model.safetensors").model
    assert model.task == "multi_class"
    assert len(model.class_names) == {"fine": 3, "coarse": 2}[labels]


def test_whole_photos_and_grey_levels(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    SETS["produce"](tmp_path / "photos")
    whole = ["produce", "--data", "photos", "--samples", "photos", "--color", "grey"]
    assert main([*whole, *TWO_EPOCHS, "--model", "mlp", "--hidden", "16", "--quiet"]) == 0
    classifier = load_model(only_run(tmp_path) / "model.safetensors")
    assert classifier.input_shape == (32, 32, 1)
    assert sum(classifier.model.data["samples"].values()) == 20


USER_ERRORS = {
    "no folder": (["dishes"], "there are no photos in assets/dishes: "),
    "a class": (["dishes", "--data", "."], "its 1 images lie in no folder of a class"),
    "three classes": (["plants", "--data", "three"], "expected photos of two classes, found 3 "),
    "too few photos": (["dishes", "--data", "few"], "too little to divide"),
    "no negatives": (
        ["plants", "--data", "two", "--negatives", "nowhere"],
        "nowhere: expected a folder of photos",
    ),
    "other names": (
        ["plants", "--data", "few/train"],
        "expected the classes other and plant, found",
    ),
    "one class": (
        ["dishes", "--data", "one"],
        "one: all training photos are of the class 'clean', expected two",
    ),
}


@pytest.mark.parametrize("name", USER_ERRORS)
def test_mistakes_are_one_line(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    class_folders(tmp_path / "three", {"a": 3, "b": 3, "c": 3})
    class_folders(tmp_path / "two", {"other": 3, "plant": 3})
    class_folders(tmp_path / "few", {"train/clean": 1, "train/dirty": 1})
    class_folders(tmp_path / "one", {"train/clean": 4, "test/clean": 4, "test/dirty": 4})
    if name == "a class":
        monkeypatch.chdir(tmp_path / "few" / "train" / "clean")
    arguments, message = USER_ERRORS[name]
    assert main([*arguments, "--quiet"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error, error


REAL = {
    "dishes": ("dishes", []),
    "tomato": ("tomato", []),
    "produce": ("produce/LVIS_Fruits_And_Vegetables", []),
    "plants": ("plants", []),
    "grocery": ("grocery", ["--labels", "coarse"]),
}


MOST = {"dishes": 60, "grocery": 3}
"""Photos of each folder, where it is not 20."""


@pytest.mark.parametrize("name", REAL)
def test_real_photos(name, tmp_path, monkeypatch):
    folder, more = REAL[name]
    data = sampled_data(folder, tmp_path / "data", most=MOST.get(name, 20))
    monkeypatch.chdir(tmp_path)
    small = ["--epochs", "2", "--image-size", "32", "--filters", "8,16", "--quiet"]
    assert main([name, "--data", str(data), *small, *more]) == 0
    metrics = json.loads((only_run(tmp_path) / "metrics.json").read_text())
    assert metrics["history"][1]["cost"] < metrics["history"][0]["cost"]
    assert load_dataset(
        data,
        divide=False,
        **load_model(only_run(tmp_path) / "model.safetensors").model.data["reading"],
    )


@pytest.mark.parametrize("option", ["--negatives", "--labels", "--train-samples"])
def test_options_that_mean_nothing_to_a_recipe_are_refused(option, capsys):
    assert main(["dishes", option, "1"]) == 2
    assert f"{option}: dishes does not use it; leave it out" in capsys.readouterr().err


def test_a_run_with_negatives_is_resumed_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    SETS["plants"](tmp_path / "photos")
    class_folders(tmp_path / "anything", {"cat": 12})
    arguments = ["plants", "--data", "photos", "--negatives", "anything", *TWO_EPOCHS, *NARROW]
    assert main(arguments) == 0
    run = only_run(tmp_path)
    before = json.loads((run / "metrics.json").read_text())["seconds"]
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert main(["plants", "--resume", str(run), "--epochs", "3", "--quiet"]) == 0
    assert json.loads((run / "metrics.json").read_text())["seconds"] > before


def test_a_single_label_is_a_question_of_yes_or_no(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yolo(tmp_path / "photos", ["apple"], 16, 1)
    for number in range(0, 16, 2):
        (tmp_path / f"photos/labels/train/{number:03d}.txt").write_text("")
    whole = ["produce", "--data", "photos", "--samples", "photos", *TWO_EPOCHS, *NARROW]
    assert main(whole) == 0
    classifier = load_model(only_run(tmp_path) / "model.safetensors")
    assert classifier.classes == ["not apple", "apple"]


def of_csv(root):
    class_folders(root, {"a": 12, "b": 12})
    rows = [f"{path.relative_to(root)},{path.parent.name}" for path in sorted(root.rglob("*.png"))]
    (root / "list.csv").write_text("\n".join(["image,class", *rows, "gone.png,a", "a/000.png,"]))
    return root / "list.csv"


def of_arrays(root):
    root.mkdir()
    images = np.random.default_rng(0).integers(0, 256, (60, 12, 12), dtype=np.uint8)
    np.savez(root / "a.npz", X=images, Y=np.arange(60)[:, np.newaxis] % 3)
    return root / "a.npz"


def of_yolo(root):
    yolo(root, ["a", "b"], 12)
    return root / "data.yaml"


PLACES = {"CSV": of_csv, "arrays": of_arrays, "yaml": of_yolo}


@pytest.mark.parametrize("kind", PLACES)
def test_the_data_may_be_whatever_inspect_takes(kind, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    place = PLACES[kind](tmp_path / "data")
    command = ["dishes", "--data", str(place), *TWO_EPOCHS, "--filters", "8,8"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    page = (only_run(tmp_path) / "report.md").read_text()
    assert "## What the data were read from" in page
    if kind == "CSV":
        left_out = "left out: missing images 1, rows without a label 1"
        assert f"rows found 26; used: photos 24; {left_out}" in printed
        assert "rows found      26" in page
        assert "1  missing images" in page
        assert main([*command, "--on-error", "fail"]) == 2
        assert "gone.png: no such file" in capsys.readouterr().err
    if kind == "arrays":
        assert "samples found 60; used: samples 60" in printed
        assert load_model(only_run(tmp_path) / "model.safetensors").input_shape == (32, 32, 3)


def test_negatives_that_are_plants_are_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    class_folders(tmp_path / "two", {"other": 12, "plant": 12})
    for negatives in ("two", "two/plant"):
        assert main(["plants", "--data", "two", "--negatives", negatives, "--quiet"]) == 2
        assert "is also among the data, as plant" in capsys.readouterr().err


def test_a_cross_validation_accounts_for_its_data(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    class_folders(tmp_path / "two", {"train/a": 12, "train/b": 12, "test/a": 4, "test/b": 4})
    command = ["tomato", "--data", "two", "--folds", "2", "--epochs", "1", "--image-size", "32"]
    assert main([*command, "--filters", "8,8"]) == 0
    assert "files found 32; used: photos 32" in capsys.readouterr().out
    page = (only_run(tmp_path) / "report.md").read_text()
    assert "files found      32" in page
    assert "splits that are not used: 1" in page

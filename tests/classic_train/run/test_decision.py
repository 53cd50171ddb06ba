"""From outputs to answers: what a run chooses on its validation photos is in the model and used."""

import json

import numpy as np
import pytest

from src.classic_train.__main__ import main
from src.classic_train.recipes.registry import RECIPES
from src.inference import load_model
from src.inference.evaluation import evaluate
from tests.classic_train.photo_sets import plants
from tests.programs import run_main

pytestmark = pytest.mark.usefixtures("without_drawing")

SMALL = ["--filters", "4,4", "--image-size", "24", "--batch-size", "8", "--quiet", "--workers", "1"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    directory = tmp_path_factory.mktemp("decision")
    plants(directory / "plants")
    return directory


def train(place, name, *arguments):
    """The model, and what stands in metrics.json."""
    status, _, error = run_main(
        *(main, place, "plants", "--data", "plants", "--epochs", "3", *SMALL),
        *("--output-dir", name, *arguments),
    )
    assert status == 0, error
    (run,) = (place / name).iterdir()
    metrics = json.loads((run / "metrics.json").read_text())
    return load_model(run / "model.safetensors"), metrics, (run / "report.md").read_text()


def validation(place):
    recipe = RECIPES["plants"]
    values = recipe.defaults("cnn").as_dict() | {"data": str(place / "plants"), "image_size": 24}
    data = recipe.load_data(type(recipe.options).from_dict(values))
    return data.photos, data.photos.splits["validation"]


def test_probabilities_are_divided_by_a_temperature_unless_nobody_wants_it(place):
    scaled, metrics, report = train(place, "scaled")
    plain, without, _ = train(place, "plain", "--calibrate", "none")
    assert metrics["temperature"] == scaled.model.temperature != 1
    assert without["temperature"] == plain.model.temperature == 1
    assert f"temperature {scaled.model.temperature:.3g}, fitted on the validation data" in report
    photos, rows = validation(place)
    logits = [np.log(c.probabilities(photos.images, rows)) for c in (scaled, plain)]
    odds = [z - np.log(-np.expm1(z)) for z in logits]
    assert np.allclose(odds[0] * scaled.model.temperature, odds[1], atol=1e-4)
    assert metrics["test"]["accuracy"] == without["test"]["accuracy"]


def test_wrong_answers_are_as_rare_as_wanted(place):
    classifier, metrics, report = train(place, "rejecting", "--wrong-accepts", "0.05")
    photos, rows = validation(place)
    found = evaluate(classifier, photos, rows)
    coverage, risk = found.answered()
    assert metrics["reject_below"] == classifier.reject_below == found.reject_below
    assert not coverage or risk <= 0.05
    if classifier.reject_below:
        assert 'are "retake": chosen on the validation data' in report


def test_the_means_of_classes_are_those_of_training_photos(place):
    from src.inference.out_of_distribution import features_and_logits

    classifier, _, _ = train(place, "means")
    recipe = RECIPES["plants"]
    values = recipe.defaults("cnn").as_dict() | {"data": str(place / "plants"), "image_size": 24}
    data = recipe.load_data(type(recipe.options).from_dict(values))
    rows = data.photos.splits["train"]
    network = classifier.model.network
    features = classifier.computed(
        data.photos.images, rows, lambda x: features_and_logits(network, x)[0]
    )
    for k in (0, 1):
        expected = features[data.photos.targets[rows] == k].mean(axis=0)
        assert np.allclose(classifier.model.class_means[k], expected, atol=1e-5)


def test_arrays_are_answered_as_before(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 3))
    np.savez(tmp_path / "own.npz", X=x, Y=(x[:, 0] > 0).astype(int))
    arguments = ["binary", "--data", "own.npz", "--epochs", "1", "--quiet", "--output-dir", "out"]
    assert run_main(main, tmp_path, *arguments)[0] == 0
    (path,) = (tmp_path / "out").glob("*/model.safetensors")
    model = load_model(path).model
    assert (model.temperature, model.reject_below, model.threshold) == (1.0, 0.0, 0.5)
    assert model.class_means is None
    status, _, error = run_main(main, tmp_path, *arguments, "--calibrate", "none")
    assert (status, error.count("\n")) == (2, 1)

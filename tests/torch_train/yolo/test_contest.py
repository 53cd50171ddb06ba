"""Scores of labels from what a model finds, and metrics from scores: with models that are known."""

import contextlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from src.classic_nn.serialization import save_model
from src.classic_nn.utils.metrics import METRICS
from src.inference.classifier import Classifier
from tests.inference.models import saved
from tests.load.yolo_sets import yolo_set

torch = pytest.importorskip("torch", reason="needs the extra 'torch'")

from src.classic_train.cli.parsers import OptionError  # noqa: E402
from src.torch_train.yolo import model as model_file  # noqa: E402
from src.torch_train.yolo.contest import Contestant, compare, table, targets_of, trained_model  # noqa: E402
from src.torch_train.yolo.model import (  # noqa: E402
    YoloSettings,
    check_weights,
    scores_of_boxes,
    scores_of_crops,
    train_yolo,
)
from src.torch_train.yolo.photos import read_photos  # noqa: E402

SETTINGS = YoloSettings(0, 1, 32)


@pytest.fixture
def photos(tmp_path):
    def labels(k):
        lines = [f"{k % 2} 0.5 0.5 0.4 0.4", f"{(k + 1) % 2} 0.25 0.25 0.1 0.2"]
        return "".join(f"{line}\n" for line in lines[: k % 3])

    yolo_set(tmp_path, 15, labels)
    return read_photos(str(tmp_path / "data.yaml"), 0)


class Found:
    """As Ultralytics returns it: probabilities, or boxes."""

    def __init__(self, probabilities=None, classes=(), confidences=()):
        self.probs = self.boxes = self
        self.data = None if probabilities is None else torch.tensor(probabilities)
        self.cls, self.conf = torch.tensor(classes), torch.tensor(confidences)


@pytest.fixture
def predicted(monkeypatch):
    """What the model finds in the images that it is given, and the images."""
    given = []

    def set_up(results):
        def answer(model, images, settings):
            given.append(images)
            return results[: len(images)]

        monkeypatch.setattr(model_file, "_predicted", answer)
        return given

    return set_up


class Named:
    names = {0: "0001", 1: "0004"}  # noqa: RUF012
    task = "classify"


def photo_with(photos, objects):
    return next(p for group in photos.splits.values() for p in group if len(p.boxes) == objects)


def test_of_crops_the_largest_probability_of_each_class_counts(photos, predicted):
    given = predicted([Found([0.7, 0.3]), Found([0.2, 0.8])])
    scores = scores_of_crops(Named, 6, SETTINGS)
    two = photo_with(photos, 2)
    np.testing.assert_allclose(scores(two), [0, 0.7, 0, 0, 0.8, 0], rtol=1e-6)
    assert [image.size for image in given[0]] == [crop.size for crop in two.crops()]
    np.testing.assert_allclose(scores(photo_with(photos, 1)), [0, 0.7, 0, 0, 0.3, 0], rtol=1e-6)
    assert not scores(photo_with(photos, 0)).any()
    assert len(given) == 2  # without boxes nothing is asked


def test_of_boxes_the_largest_confidence_of_each_class_counts(photos, predicted):
    given = predicted([Found(classes=[2.0, 0.0, 2.0], confidences=[0.4, 0.2, 0.9])])
    scores = scores_of_boxes(Named, 4, SETTINGS)
    photo = photo_with(photos, 1)
    np.testing.assert_allclose(scores(photo), [0.2, 0, 0.9, 0], rtol=1e-6)
    assert np.array_equal(np.asarray(given[0][0]), np.asarray(photo.open()))
    predicted([Found()])
    assert not scores(photo).any()


def test_the_threshold_is_that_of_the_validation_photos_and_the_metrics_those_of_the_test(photos):
    rng = np.random.default_rng(0)
    known = {p.path: rng.random(2) for group in photos.splits.values() for p in group}
    for photo in photos.splits["validation"]:  # all of which a threshold of 0.75 gets right
        known[photo.path] = np.where(photo.labels, 0.9, 0.6)
    seconds = []

    def scores(photo):
        seconds.append(photo.path)
        return known[photo.path]

    (result,) = compare([Contestant("one", "", "", scores)], photos, quiet=True)
    assert result.evaluation.threshold == pytest.approx(0.75)
    test = photos.splits["test"]
    assert seconds == [p.path for split in ("validation", "test") for p in photos.splits[split]]
    expected = np.stack([known[photo.path] for photo in test])
    np.testing.assert_array_equal(result.evaluation.probabilities, expected)
    for name, metric in METRICS["multi_label"].items():
        found = metric(targets_of(photos, "test"), expected, 0.75)
        assert result.evaluation.summary()[name] == pytest.approx(found)
    heading, row = table([result])
    assert row[heading.index("exact match")] == f"{result.evaluation.summary()['exact_match']:.4f}"
    assert row[heading.index("mAP")] == (
        f"{result.evaluation.summary()['mean_average_precision']:.4f}"
    )


def test_time_is_the_median_of_the_test_photos(photos, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("src.torch_train.yolo.contest.time.perf_counter", lambda: clock[0])
    of_test = {photo.path: k + 1 for k, photo in enumerate(photos.splits["test"])}

    def scores(photo):
        clock[0] += of_test.get(photo.path, 1000) / 1000
        return np.zeros(2)

    (result,) = compare([Contestant("one", "", "", scores)], photos, quiet=True)
    assert result.milliseconds == pytest.approx((len(of_test) + 1) / 2)


def test_models_of_one_name_are_told_apart(photos):
    results = compare(
        [Contestant("same", "", "", lambda photo: np.zeros(2)) for _ in range(2)], photos, True
    )
    assert len({result.contestant.name for result in results}) == 2


@pytest.mark.parametrize("objects", [True, False])
def test_a_model_of_ours_sees_crops_or_the_photo_as_it_was_trained(objects, photos, tmp_path):
    names = list(photos.class_names)
    data = {"reading": {"objects": objects}}
    model = saved("multi_label", names, data=data, photo_digests={"train": np.zeros(1, np.uint64)})
    path = tmp_path / "model.safetensors"
    save_model(path, model)
    photo, classifier = photo_with(photos, 2), Classifier(model)
    images = photo.crops() if objects else [photo.open()]
    answers = [prediction.probabilities for prediction in classifier.predict(images)]
    expected = [max(answer[name] for answer in answers) for name in names]
    np.testing.assert_array_equal(trained_model(path, photos).scores(photo), expected)
    whole = trained_model(path, photos).scores(photo_with(photos, 0))
    assert whole.any() != objects


def test_the_model_of_the_best_epoch_is_used(photos, tmp_path, monkeypatch):
    loaded = []
    monkeypatch.setitem(sys.modules, "ultralytics", SimpleNamespace(YOLO=loaded.append))
    monkeypatch.setattr(model_file, "guest", lambda quiet: contextlib.nullcontext())
    monkeypatch.setattr(model_file, "_train", lambda *given: None)
    train_yolo(Named, photos, tmp_path / "run", SETTINGS)
    best = tmp_path / "run" / "yolo" / "weights" / "best.pt"
    assert loaded == [best]
    assert json.loads(best.with_suffix(".json").read_text())["seen"] == photos.seen()
    assert not (tmp_path / "run" / "yolo_data").exists()


def beside(path, **content):
    path.with_suffix(".json").write_text(json.dumps(content))
    return str(path)


def test_weights_that_know_the_test_photos_or_other_classes_are_refused(photos, tmp_path):
    path = tmp_path / "best.pt"
    own = {"task": "classify", "classes": ["cat", "dog"]}
    seen = [photos.splits["test"][0].digest, *photos.seen()]
    with pytest.raises(OptionError, match=r"trained on 1 of the \d+ test photos"):
        check_weights(Named, beside(path, **own, seen=seen), photos, trained=True)
    assert check_weights(Named, beside(path, **own, seen=photos.seen()), photos, True) == ""
    other = {"task": "classify", "classes": ["apple", "pear"], "seen": []}
    with pytest.raises(OptionError, match="has other classes"):
        check_weights(Named, beside(path, **other), photos, trained=True)
    assert check_weights(Named, beside(path, **other), photos, trained=False) == ""
    path.with_suffix(".json").unlink()
    with pytest.raises(OptionError, match="has other classes"):
        check_weights(Named, str(path), photos, trained=True)
    assert "does not tell" in check_weights(Named, "yolo11n.pt", photos, trained=False)
    assert check_weights(Named, "yolo11n.yaml", photos, trained=False) == ""


def test_a_photo_is_opened_as_it_stands(photos):
    """Upright and in colour, as our own loader has it."""
    photo = photo_with(photos, 1)
    with Image.open(Path(photo.path)) as image:
        np.testing.assert_array_equal(np.asarray(photo.open()), np.asarray(image.convert("RGB")))

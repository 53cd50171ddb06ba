"""Runs that begin with another one's weights, and reviewed photos that are added to the data."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from src.classic_train.__main__ import main
from src.classic_train.data.added_photos import FEWEST, MINED, with_added_photos
from src.classic_train.recipes.registry import RECIPES
from src.inference import load_model
from src.inference.mining.review import Reviewed, write_review
from src.load import UnreadableDataError
from src.load.fingerprints import pixel_digest
from tests.classic_train.photo_sets import plants, tinted
from tests.programs import run_main

pytestmark = pytest.mark.usefixtures("without_drawing")

SMALL = ["--filters", "4,4", "--image-size", "24", "--batch-size", "8", "--quiet", "--workers", "1"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A finished run on plants, and thirty mined photos, most of them labelled."""
    directory = tmp_path_factory.mktemp("finetune")
    plants(directory / "plants")
    status, _, error = run_main(
        main, directory, "plants", "--data", "plants", "--epochs", "2", *SMALL, "--output-dir", "a"
    )
    assert status == 0, error
    (directory / "photos").mkdir()
    for number in range(30):
        tinted(5000 + number, 2).save(directory / "photos" / f"{number:02d}.png")
    return directory


@pytest.fixture
def run(place):
    return next((place / "a").iterdir())


def review(place, labels, name="review.csv", **changed):
    """A review of the first photos."""
    photos = []
    for number, label in enumerate(labels):
        path = place / "photos" / f"{number:02d}.png"
        digest = pixel_digest(Image.open(path).convert("RGB"))
        photos.append(Reviewed(str(path), label, 0.5, "plant", number + 1, digest))
    for number, values in changed.items():
        k = int(number[1:])
        photos[k] = Reviewed(**{**vars(photos[k]), **values})
    write_review(place / name, photos)
    return place / name


def finetune(place, run, *arguments):
    """Status, the new run's directory, and what was printed."""
    before = set((place / "b").glob("*")) if (place / "b").exists() else set()
    command = ["plants", "--finetune", run, "--output-dir", "b", "--workers", "1", *arguments]
    status, printed, error = run_main(main, place, *command)
    new = set((place / "b").glob("*")) - before
    return status, new.pop() if status == 0 else None, printed, error


def weights(run):
    return load_model(run / "model.safetensors").model.network.parameters.vector


def test_without_a_step_the_model_is_the_one_that_it_began_with(place, run):
    """A learning rate of nearly nothing changes the weights by nearly nothing."""
    status, new, _, error = finetune(
        place, run, "--learning-rate", "1e-12", "--epochs", "1", "--quiet"
    )
    assert status == 0, error
    assert np.allclose(weights(new), weights(run), atol=1e-7)
    config, before = (json.loads((r / "config.json").read_text()) for r in (new, run))
    assert config["filters"] == before["filters"] == [4, 4]
    assert config["finetune"] == str(run.resolve())
    comparison = json.loads((new / "before_after.json").read_text())
    assert comparison["test"]["before"] == comparison["test"]["after"]
    assert set(comparison) == {"test"}


def test_the_rate_is_lower_and_epochs_are_few_unless_given(place, run):
    _, new, _, _ = finetune(place, run, "--epochs", "1", "--quiet")
    config, before = (json.loads((r / "config.json").read_text()) for r in (new, run))
    assert config["learning_rate"] == pytest.approx(0.1 * before["learning_rate"])
    assert config["epochs"] == 1
    assert (config["miss_weight"], before["miss_weight"]) == (3.0, 1.0)  # a missed plant costs more
    assert config["data"] == before["data"]
    assert config["fingerprint"]["sha256"] == before["fingerprint"]["sha256"]
    assert not np.allclose(weights(new), weights(run), atol=1e-7)


def test_labelled_photos_are_added_and_some_kept_to_test(place, run):
    path = review(place, ["other"] * 26 + ["skip", "", "plant", "plant"])
    status, new, printed, error = finetune(place, run, "--add", path, "--epochs", "2")
    assert status == 0, error
    config, before = (json.loads((r / "config.json").read_text()) for r in (new, run))
    sizes, old = (c["fingerprint"]["samples"] for c in (config, before))
    comparison = json.loads((new / "before_after.json").read_text())
    mined = comparison["mined"]["mcnemar"]
    count = mined["both"] + mined["first_only"] + mined["second_only"] + mined["neither"]
    assert sizes["test"] == old["test"]
    assert sizes["train"] + sizes["validation"] + count == old["train"] + old["validation"] + 28
    assert 0 < count < 10
    assert "mined photos, not trained on" in printed
    assert "McNemar's exact test" in printed
    report = (new / "report.md").read_text()
    assert "## Before and after" in report
    assert "reviewed photos found" in report
    assert 'with the label "skip"' in report
    # what it has seen, it says
    digests = load_model(new / "model.safetensors").model.photo_digests
    assert len(digests["train"]) == sizes["train"]


def data_with(place, path):
    recipe = RECIPES["plants"]
    values = recipe.defaults("cnn").as_dict() | {"data": str(place / "plants"), "add": str(path)}
    return recipe.load_data(type(recipe.options).from_dict(values | {"image_size": 24}))


def test_the_splits_of_the_data_stay_what_they_were(place):
    alone = data_with(place, "")
    added = data_with(place, review(place, ["other"] * 30))
    count = len(alone.photos.targets)
    for split in ("train", "validation", "test"):
        old = added.photos.splits[split]
        assert (old[old < count] == alone.photos.splits[split]).all()
    assert (added.photos.splits["test"] < count).all()
    assert len(added.photos.splits[MINED]) > 0
    rows = np.concatenate(list(added.photos.splits.values()))
    assert len(np.unique(rows)) == len(rows)
    for row in (count, count + 29):
        shown = np.asarray(added.photos.images[row])
        number = row - count
        assert (shown == np.asarray(Image.open(place / f"photos/{number:02d}.png"))).all()
        assert added.photos.targets[row] == 0


def test_few_photos_are_all_trained_on(place):
    alone, few = data_with(place, ""), data_with(place, review(place, ["plant"] * (FEWEST - 1)))
    assert MINED not in few.photos.splits
    assert len(few.photos.splits["train"]) == len(alone.photos.splits["train"]) + FEWEST - 1


def test_photos_of_the_data_and_twins_of_test_photos_are_left_out(place):
    alone = data_with(place, "")
    row = int(alone.photos.splits["test"][0])
    tested = alone.photos.images[row]
    files = {
        "twin": tested.resize((tested.width * 2, tested.height * 2), Image.Resampling.BICUBIC),
        "same": tested,
        "known": alone.photos.images[int(alone.photos.splits["train"][0])],
    }
    photos = [Reviewed(str(place / "photos/00.png"), "other"), Reviewed("photos/00.png", "other")]
    for name, picture in files.items():
        picture.save(place / f"{name}.png")
        photos.append(Reviewed(f"{name}.png", "plant"))
    row = int(alone.photos.splits["validation"][0])
    shown = alone.photos.images[row]
    shown.resize((shown.width * 2, shown.height * 2)).save(place / "near.png")
    photos.append(Reviewed("near.png", "plant"))
    own = alone.photos.images.files.paths[int(alone.photos.splits["test"][1])]
    photos.append(Reviewed(str(own), "plant"))  # the very file: mined where the data lie
    (place / "broken.png").write_bytes(b"nothing")
    photos.append(Reviewed("broken.png", "plant"))
    write_review(place / "twins.csv", photos)
    added = data_with(place, place / "twins.csv")
    account = added.photos.problems.accounts["reviewed photos"]
    assert account.counts()["left out"] == {
        "nearly the same as a test photo": 1,
        "nearly the same as a validation photo": 1,
        "that stand in the test data": 1,
        "that stand in the train data": 1,
        "that stand in the data": 1,
        "that cannot be read": 1,
    }
    assert len(added.photos.splits["train"]) == len(alone.photos.splits["train"]) + 1


@pytest.mark.parametrize(
    ("labels", "changed", "said"),
    [
        (["leaf"], {}, "unknown label 'leaf'"),
        (["", ""], {}, "no photo with a label can be used"),
        (["other"], {"n0": {"sha256": "0" * 64}}, "has other pixels than when it was mined"),
    ],
)
def test_a_review_that_cannot_be_used_gets_one_line(place, run, labels, changed, said):
    path = review(place, labels, "wrong.csv", **changed)
    status, _, _, error = finetune(place, run, "--add", path)
    assert status == 2
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--add", "nowhere.csv"], "nowhere.csv: cannot be read"),
        (["--filters", "8"], "--filters: the model of"),
        (["--image-size", "32"], "--image-size: the model of"),
    ],
)
def test_mistakes_get_one_line(place, run, arguments, said):
    status, _, _, error = finetune(place, run, *arguments)
    assert status == 2
    assert said in error
    assert error.count("\n") == 1


def test_other_runs_are_refused(place, run):
    for path, said in ((place / "photos", "last.safetensors"), (place / "nowhere", "nowhere")):
        status, _, _, error = finetune(place, path)
        assert (status, error.count("\n")) == (2, 1)
        assert said in error
    status, _, error = run_main(main, place, "tomato", "--finetune", run)
    assert (status, error.count("\n")) == (2, 1)
    assert "is a run of plants, not of tomato" in error


def test_rows_of_a_review_by_hand(place):
    with (place / "hand.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [["label", "image"], ["other", "photos/03.png"], ["", "photos/04.png"]]
        )
    assert (
        data_with(place, place / "hand.csv").photos.problems.accounts["reviewed photos"].found == 2
    )


def test_objects_in_boxes_cannot_be_added(place):
    data = data_with(place, "")
    arrays = data.photos.divided(data.photos.splits)
    bare = type(arrays)(np.zeros((len(arrays.targets), 2)), *list(vars(arrays).values())[1:])
    with pytest.raises(UnreadableDataError, match="takes whole photos"):
        with_added_photos(bare, data.fingerprints, place / "hand.csv", [], {})


def test_what_a_run_has_learned_stays_what_it_was_when_more_is_added(place, run):
    """A second round: its photos neither test nor validate what was trained on in the first."""
    path = review(place, ["other"] * (FEWEST - 1), "rounds.csv")  # all are trained on
    _, first, _, error = finetune(place, run, "--add", path, "--epochs", "1", "--quiet")
    assert first, error
    seen = load_model(first / "model.safetensors").model.photo_digests
    review(place, ["other"] * 30, "rounds.csv")
    status, second, _, error = finetune(place, first, "--add", path, "--epochs", "1", "--quiet")
    assert status == 0, error
    again = load_model(second / "model.safetensors").model.photo_digests
    for split in ("train", "validation"):
        assert set(seen[split].tolist()) <= set(again[split].tolist())
    status, _, _, error = finetune(place, first, "--add", review(place, ["other"] * 12, "new.csv"))
    assert (status, error.count("\n")) == (2, 1)
    assert "has learned the photos of" in error


def test_a_split_is_told_by_the_pixels_alone():
    from src.classic_train.data.added_photos import share

    counts = {}
    for number in range(2000):
        digest = f"{(number * 2654435761) % 2**32:08x}" + "0" * 56
        counts[share(digest)] = counts.get(share(digest), 0) + 1
    assert abs(counts["train"] / 2000 - 0.6) < 0.04
    assert abs(counts["mined"] / 2000 - 0.2) < 0.04


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--split-seed", "3"], "test photos stood in the"),
        (["--folds", "2"], "--folds: every photo is tested once; leave --finetune out"),
        (["--activation", "tanh"], "--activation"),
    ],
)
def test_a_model_is_not_tested_on_what_it_has_seen(place, run, arguments, said):
    status, _, _, error = finetune(place, run, *arguments)
    assert status == 2
    assert said in error
    assert error.count("\n") == 1


def test_a_fine_tuned_run_is_resumed(place, run):
    _, new, _, _ = finetune(place, run, "--epochs", "1", "--quiet")
    status, _, error = run_main(main, place, "plants", "--resume", new, "--epochs", "2", "--quiet")
    assert status == 0, error
    assert json.loads((new / "before_after.json").read_text())["test"]

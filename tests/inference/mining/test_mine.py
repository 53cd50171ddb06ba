"""Mining, by its command: what becomes a candidate, in which order, and after an interruption."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from src.inference.__main__ import main
from src.inference.classifier import load_model
from src.inference.mining import mine
from src.inference.mining.mine import in_groups
from src.inference.mining.mine import mine as mine_photos
from src.inference.mining.review import read_review, write_review
from src.load.fingerprints import pixel_digest
from tests.inference.models import write
from tests.load.photos import folder_of, photo
from tests.paths import ROOT
from tests.programs import run_main


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def place(tmp_path):
    """Twelve photos, a near-duplicate of one, one that is damaged, one that the model knows."""
    folder_of(tmp_path / "photos", {"a": 7, "b": 5})
    copy = Image.open(tmp_path / "photos/a/002.png")
    copy.resize((64, 48)).save(tmp_path / "photos/b/near.png")
    (tmp_path / "photos/b/broken.png").write_bytes(b"no image")
    known = pixel_digest(Image.open(tmp_path / "photos/a/000.png").convert("RGB"))
    digests = {"train": np.array([int(known[:16], 16)], np.uint64)}
    write(tmp_path / "model.safetensors", photo_digests=digests)
    return tmp_path


def run(place, *arguments):
    command = ["mine", "model.safetensors", "photos", "--class", "cat", "--output", "mined"]
    return run_main(main, place, *command, *arguments)


def test_candidates_are_those_with_a_low_probability(place):
    status, printed, error = run(place, "--below", "0.97")
    assert status == 1  # one could not be read
    assert "broken.png" in error
    assert "known to the model, left out: 1" in printed
    found = rows(place / "mined/candidates.csv")
    classifier = load_model(place / "model.safetensors")
    expected = {
        str(path.resolve()): classifier.predict(path)[0].probabilities["cat"]
        for path in (place / "photos").rglob("*.png")
        if path.name != "broken.png" and str(path).find("a/000") < 0
    }
    wanted = {path: p for path, p in expected.items() if p <= 0.97}
    assert {row["image"]: float(row["p"]) for row in found} == wanted
    assert 0 < len(wanted) < len(expected)
    assert (place / "mined/candidates.png").is_file()
    account = rows(place / "mined/predictions.csv")
    assert len(account) == 14  # of every photo there is a row


def test_near_duplicates_stand_together_and_groups_are_in_order(place):
    run(place, "--below", "1")
    found = rows(place / "mined/candidates.csv")
    names = [os.path.basename(row["image"]) for row in found]
    near = names.index("near.png")
    group = [k for k, row in enumerate(found) if row["group"] == found[near]["group"]]
    assert len(group) == 2
    assert group[1] == group[0] + 1
    assert [int(row["group"]) for row in found] == sorted(int(row["group"]) for row in found)
    lowest = {}
    for row in found:
        lowest.setdefault(row["group"], float(row["p"]))
    assert list(lowest.values()) == sorted(lowest.values())


def test_a_review_keeps_its_labels_when_more_is_mined(place):
    run(place, "--below", "0.9")
    review = read_review(place / "mined/review.csv")
    labelled = [type(p)(**{**vars(p), "label": "dog"}) for p in review[:1]]
    write_review(place / "mined/review.csv", [*labelled, *review[1:]])
    run(place, "--below", "1")
    again = read_review(place / "mined/review.csv")
    assert len(again) > len(review)
    assert [p.label for p in again].count("dog") == 1
    assert next(p for p in again if p.label).sha256 == labelled[0].sha256


def test_what_is_predicted_is_not_predicted_again(place, monkeypatch):
    run(place, "--below", "0.97")
    opened = []
    real = mine_photos.__globals__["open_image"]
    monkeypatch.setitem(
        mine_photos.__globals__, "open_image", lambda p, *a: opened.append(p) or real(p, *a)
    )
    before = (place / "mined/predictions.csv").read_bytes()
    assert (place / "mined/candidates.png").is_file()
    run(place, "--below", "0")
    assert not opened
    assert not (place / "mined/candidates.png").exists()  # there are none
    assert (place / "mined/predictions.csv").read_bytes() == before


def test_a_row_that_was_cut_off_is_made_again(place):
    run(place, "--below", "0.97")
    whole = (place / "mined/predictions.csv").read_bytes()
    candidates = (place / "mined/candidates.csv").read_bytes()
    for cut in (1, len(whole) // 2, len(whole) - 3):
        (place / "mined/predictions.csv").write_bytes(whole[:cut])
        run(place, "--below", "0.97")
        assert (place / "mined/candidates.csv").read_bytes() == candidates
        assert len(rows(place / "mined/predictions.csv")) == 14


def test_an_interrupted_command_goes_on(tmp_path):
    for number in range(300):
        path = tmp_path / "photos" / f"{number:03d}.png"
        path.parent.mkdir(exist_ok=True)
        photo(number, 200, 150).save(path)
    write(tmp_path / "model.safetensors")
    command = ["mine", "model.safetensors", "photos", "--class", "cat", "--sample", "250"]
    process = subprocess.Popen(
        [sys.executable, "-m", "src.inference", *command, "--output", "mined"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    predictions = tmp_path / "mined/predictions.csv"
    deadline = time.monotonic() + 60
    while not (predictions.is_file() and predictions.read_bytes().count(b"\n") > 20):
        assert time.monotonic() < deadline
        assert process.poll() is None, "it was ready before it could be interrupted"
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    error = process.communicate(timeout=60)[1]
    assert process.returncode == 130, error
    assert "the same command goes on" in error
    assert error.count("\n") == 1
    run_main(main, tmp_path, *command, "--output", "mined")
    found = rows(predictions)
    assert len({row["image"] for row in found}) == len(found) == 250
    run_main(main, tmp_path, *command, "--output", "other")
    assert rows(tmp_path / "mined/candidates.csv") == rows(tmp_path / "other/candidates.csv")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--class", "cta"], "unknown --class 'cta': did you mean 'cat'"),
        (["--below", "2"], "--below"),
        (["--sample", "-1"], "--sample"),
        (["--seed", "3"], "holds results of another command (its seed was 0)"),
        (["--output", "photos"], "expected a new or an empty folder"),
    ],
)
def test_mistakes_get_one_line(place, arguments, said):
    run(place)
    status, _, error = run(place, *arguments)
    assert status == 2
    assert said in error
    assert error.count("\n") == 1


def test_in_python_it_returns_what_became_of_the_photos(place):
    classifier = load_model(place / "model.safetensors")
    found = mine(
        classifier, place / "photos", place / "mined", class_name="cat", below=0.5, progress=False
    )
    assert (found.sample, found.known, len(found.unreadable)) == (14, 1, 1)
    assert json.loads((place / "mined/mine.json").read_text())["classes"] == ["cat", "dog", "owl"]


def test_a_beginning_that_was_interrupted_is_begun_again(place):
    (place / "mined").mkdir()
    (place / "mined/sample.csv").write_text("image\n/half/a/na")
    assert run(place)[0] == 1
    assert len(rows(place / "mined/predictions.csv")) == 14


def test_a_lower_limit_takes_no_label_away(place):
    run(place, "--below", "1")
    review = read_review(place / "mined/review.csv")
    highest = max(review, key=lambda photo: photo.p)
    rest = [photo for photo in review if photo is not highest]
    labelled = type(highest)(**{**vars(highest), "label": "owl"})
    write_review(place / "mined/review.csv", [*rest, labelled])
    run(place, "--below", "0.9")
    again = read_review(place / "mined/review.csv")
    assert len(again) < len(review)
    assert [(p.image, p.label) for p in again if p.label] == [(highest.image, "owl")]


def test_a_photo_that_is_named_for_each_of_its_objects_is_looked_at_once(place):
    names = [f"photos/a/{k:03d}.png" for k in range(1, 5)]
    (place / "objects.csv").write_text("path\n" + "\n".join([*names, *names, names[0]]))
    status, printed, error = run_main(
        *(main, place, "mine", "model.safetensors", "objects.csv", "--class", "cat"),
        *("--output", "mined", "--threads", "2"),
    )
    assert status == 0, error
    assert "photos 4, photos that are named again 5; looked at 4" in printed


def test_names_that_are_not_unicode_are_mined_and_reviewed(place):
    odd = os.fsdecode(b"photos/a/caf\xe9.png")
    os.rename(place / "photos/a/001.png", place / odd)
    (place / "photos/b/broken.png").unlink()
    status, _, error = run(place, "--below", "1")
    assert status == 0, error
    again = read_review(place / "mined/review.csv")
    assert any(photo.image == str(place / odd) for photo in again)
    assert run(place, "--below", "1")[0] == 0


def test_paths_of_a_review_stay_the_same_however_often_it_is_written(place):
    (place / "own.csv").write_text("image,label\nphotos/a/001.png,\n")
    for _ in range(3):
        review = read_review(place / "own.csv")
        assert review[0].image == str(place / "photos/a/001.png")
        write_review(place / "own.csv", review)


def test_a_copy_follows_the_lowest_of_its_group_whatever_its_own_probability():
    bits = {"same": "0f" * 8, "apart": "f0" * 8}
    rows = [
        {"image": name, "p": p, "answer": "", "sha256": name, "hash1": h, "hash2": h}
        for name, p, h in (
            *(("high", "0.9", bits["same"]), ("between", "0.5", bits["apart"])),
            ("low", "0.1", bits["same"]),
        )
    ]
    found = in_groups(rows)
    assert [(c.image, c.group) for c in found] == [("low", 1), ("high", 1), ("between", 2)]

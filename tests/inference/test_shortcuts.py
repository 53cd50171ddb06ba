"""Whether a model that looks at the background is found out, and one that does not is not."""

import csv

import numpy as np
import pytest
from PIL import Image

from src.classic_nn import Dense, Flatten, Sequential
from src.classic_nn.serialization import SavedModel, save_model
from src.inference import shortcuts
from src.inference.__main__ import main
from src.inference.classifier import Classifier
from src.inference.shortcuts import find_shortcuts, shortcut_rows
from src.inference.subjects import Subjects
from src.load import read_data
from src.load.boxes_of_photos import boxes_of_photos
from src.load.transforms import Compose, Resize, ToFloat, transform_config
from tests.classic_train.photo_sets import yolo
from tests.load.photos import photo
from tests.load.test_subject import BACKGROUNDS, disc
from tests.paths import real_data
from tests.programs import run_main

SIDE = 24


def model(looks_at):
    """A model of one dense layer that looks at the middle, or at the edge, and there at green."""
    weights = np.zeros((SIDE, SIDE, 3))
    y, x = np.mgrid[0:SIDE, 0:SIDE] / (SIDE - 1)
    inside = (abs(x - 0.45) < 0.2) & (abs(y - 0.5) < 0.2)
    edge = (x < 0.1) | (y < 0.1) | (x > 0.9) | (y > 0.9)
    if looks_at == "subject":  # a green disc: more green than red
        weights[inside] = (-1, 1, 0)
    else:  # grey paper: as much red as blue; the busy photos of the others are blue
        weights[edge] = (1, 0, -1)
    network = Sequential([Flatten(), Dense(1)])
    network.build((SIDE, SIDE, 3), np.random.default_rng(0))
    network.layers[1].parameters["W"][:, 0] = 400 * weights.ravel() / np.abs(weights).sum()
    network.layers[1].parameters["b"][:] = -20 if looks_at == "subject" else 30
    steps = transform_config(Compose([Resize((SIDE, SIDE)), ToFloat()]))
    return SavedModel(
        network, "binary", ["other", "plant"], {"input": "photos", "transform": steps}
    )


@pytest.fixture
def place(tmp_path):
    """Plants are green discs on grey paper, all else is busy and blue."""
    for name in ("other", "plant"):
        (tmp_path / "data" / name).mkdir(parents=True)
    blue = Image.new("RGB", (120, 90), (20, 20, 230))
    for seed in range(12):
        leaf, _ = disc(BACKGROUNDS["grey"], seed=seed)
        leaf.save(tmp_path / f"data/plant/{seed:02d}.png")
        Image.blend(photo(seed, 120, 90), blue, 0.6).save(tmp_path / f"data/other/{seed:02d}.png")
    return tmp_path


def recalls(place, looks_at):
    data = read_data(place / "data")
    found = find_shortcuts(Classifier(model(looks_at)), data, data.rows())
    return {name: e.by_class()["recall"][1] for name, e in found.evaluations.items()}, found


def test_a_model_of_the_subject_needs_the_subject_and_nothing_else(place):
    found, _ = recalls(place, "subject")
    assert found["as they are"] == 1
    assert found["subject hidden"] == 0
    assert found["surroundings hidden"] == 1


def test_a_model_of_the_background_is_found_out(place):
    found, _ = recalls(place, "background")
    assert found["as they are"] == 1
    assert found["subject hidden"] == 1
    assert found["other backgrounds"] < 0.4


def test_counts_table_and_picture(place):
    _, found = recalls(place, "subject")
    assert found.known_by == {"plain background": 12, "ellipse": 12}
    heading, *rows = shortcut_rows(found)
    assert heading == (
        *("photos", "samples", "accuracy", "precision"),
        *("recall other", "recall plant"),
    )
    assert [row[0] for row in rows] == [
        *("as they are", "subject hidden", "surroundings hidden", "other backgrounds")
    ]
    assert [row[1] for row in rows] == ["24", "24", "24", "12"]
    assert rows[3][4] == ""  # only subjects on plain backgrounds are moved
    assert found.picture.width > 500


def test_what_is_hidden_is_gone_and_the_rest_stays(place):
    data = read_data(place / "data")
    subjects = Subjects(data.images, {})
    row = int(np.flatnonzero(data.targets == 1)[0])
    assert subjects.mask(row)[1] == "plain background"
    before = np.asarray(subjects.photo(row), float)
    without = np.asarray(subjects.hidden(row, subject=True), float)
    alone = np.asarray(subjects.hidden(row, subject=False), float)
    green = np.abs(before - (30, 140, 40)).max(axis=-1) < 20
    assert green.sum() > 500
    assert not (np.abs(without - (30, 140, 40)).max(axis=-1) < 20).any()
    flat = without[22:64, 32:78]  # the rectangle around it: no outline is left
    assert np.ptp(flat, axis=(0, 1)).max() <= 1
    corner = (slice(0, 8), slice(0, 8))
    assert (without[corner] == before[corner]).all()
    assert np.ptp(alone[corner]) <= np.ptp(before.mean(axis=(0, 1))) + 1
    middle = (slice(40, 45), slice(50, 55))
    assert np.abs(alone[middle] - before[middle]).max() <= 1


def test_boxes_say_where_subjects_are(tmp_path):
    yolo(tmp_path / "yolo", ["apple", "fig"], 3)
    boxes = boxes_of_photos(tmp_path / "yolo/data.yaml")
    assert {len(of_photo) for of_photo in boxes.values()} == {3}
    data = read_data(tmp_path / "yolo/data.yaml", objects=False)
    mask, how = Subjects(data.images, boxes).mask(0)
    assert how == "boxes"
    assert 0.6 < mask.mean() < 0.9
    (tmp_path / "empty").mkdir()
    assert boxes_of_photos(tmp_path / "empty") == {}


def test_the_command_writes_a_table_and_a_picture(place):
    save_model(place / "model.safetensors", model("subject"))
    status, printed, error = run_main(
        *(main, place, "evaluate", "model.safetensors", "data", "--shortcuts"),
        *("--output-dir", "out"),
    )
    assert status == 0, error
    assert "subjects known by: ellipse 12, plain background 12" in printed
    with (place / "out/shortcuts.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[2][0] == "subject hidden"
    assert (place / "out/shortcuts.png").is_file()
    assert "subject hidden" in (place / "out/report.md").read_text()
    run_main(main, place, "evaluate", "model.safetensors", "data", "--output-dir", "out")
    assert not (place / "out/shortcuts.csv").exists()


def test_real_leaves_without_their_leaf_are_grey():
    data = read_data(real_data("plants"))
    subjects = Subjects(data.images, {})
    rows = np.flatnonzero(data.targets == data.class_names.index("plantvillage"))[::20]
    leaves = [row for row in rows if subjects.mask(row)[1] == "plain background"]
    assert len(leaves) > 0.8 * len(rows)
    left = []
    for row in leaves:
        levels = np.asarray(subjects.hidden(row, subject=True), float)
        left.append(((levels[..., 1] - levels[..., [0, 2]].max(axis=-1)) > 25).mean())
    assert np.quantile(left, 0.9) < 0.06  # of some, the leaf fills the photo


def test_crops_are_all_subject_and_arrays_are_none(tmp_path):
    """Boxes of the whole photo say nothing of a crop; arrays of numbers have nothing to hide."""
    yolo(tmp_path / "yolo", ["other", "plant"], 4)
    save_model(tmp_path / "model.safetensors", model("subject"))
    status, printed, error = run_main(
        *(main, tmp_path, "evaluate", "model.safetensors", "yolo/data.yaml", "--shortcuts"),
        *("--output-dir", "out", "--threshold", "0.9"),
    )
    assert status == 0, error
    assert "boxes" not in printed.split("subjects known by:")[1].splitlines()[0]
    plain = next(line for line in printed.splitlines() if line.startswith("accuracy"))
    changed = next(line for line in printed.splitlines() if line.startswith("as they are"))
    assert plain.split()[1] == changed.split()[4]  # the same threshold in both tables
    np.savez(tmp_path / "x.npz", X=np.zeros((4, SIDE, SIDE, 3), np.float32), Y=np.arange(4) % 2)
    status, _, error = run_main(
        *(main, tmp_path, "evaluate", "model.safetensors", "x.npz", "--shortcuts"),
        *("--rename", "class 0=other", "--rename", "class 1=plant"),
    )
    assert (status, error.count("\n")) == (2, 1)
    assert "--shortcuts: x.npz holds no photos" in error


def test_of_many_photos_as_many_of_each_class_are_looked_at(place, monkeypatch):
    monkeypatch.setattr(shortcuts, "MOST", 8)
    data = read_data(place / "data")
    rows = np.flatnonzero((data.targets == 0) | (np.cumsum(data.targets) <= 3))
    found = find_shortcuts(Classifier(model("subject")), data, rows)
    looked = data.targets[found.evaluations["as they are"].rows]
    assert np.bincount(looked).tolist() == [4, 3]

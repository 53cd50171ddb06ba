"""Tables that give folders the names of their classes."""

import json

import pytest

from src.load import read_image_folder
from tests.load.photos import folder_of


@pytest.fixture
def place(tmp_path):
    return folder_of(tmp_path / "data", {"train.X1/n01": 2, "train.X2/n02": 2, "val.X/n01": 1})


def names_of(place, text, file="Labels.json"):
    (place / file).write_text(text)
    data = read_image_folder(place)
    return list(data.class_names), data


def test_parts_of_a_split_are_one_and_names_come_from_json(place):
    names, data = names_of(place, json.dumps({"n01": "tench, Tinca tinca", "n02": "goldfish"}))
    assert names == ["tench, Tinca tinca", "goldfish"]
    assert {split: len(rows) for split, rows in data.splits.items()} == {
        "train": 4,
        "validation": 1,
    }
    assert data.problems.accounts["files"].counts()["used"]["tables of classes"] == 1


def test_two_classes_of_one_name_are_told_apart(place):
    names, _ = names_of(place, json.dumps({"n01": "crane", "n02": "crane"}))
    assert names == ["crane (n01)", "crane (n02)"]


@pytest.mark.parametrize(
    "text", ['{"n01": "tench"}', "[1, 2]", "{", '{"n01": 3, "n02": 4}', "[" * 100_000, "\x00"]
)
def test_a_table_that_does_not_fit_is_left_out_and_said(place, text):
    names, data = names_of(place, text)
    assert names == ["n01", "n02"]
    (problem,) = [p for p in data.problems.found if "do not fit" in p.kind]
    assert "Labels.json: expected names of all folders, n0" in problem.text
    assert data.problems.accounts["files"].counts()["left out"]


def test_the_first_table_that_fits_is_taken(place):
    (place / "Labels.json").write_text(json.dumps({"n01": "a", "n02": "b"}))
    names, _ = names_of(place, "n01,tench\nn02,goldfish\n", "classes.csv")
    assert names == ["tench", "goldfish"]

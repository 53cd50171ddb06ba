"""Labels are on the disk when they are given, and none is lost."""

import json
import os

import pytest

from src.inference.mining.review import read_review
from src.load.errors import UnreadableDataError
from src.serve.review.decisions import Decisions


def labels(folder):
    return [photo.label for photo in read_review(folder / "review.csv")]


def test_every_label_is_saved_at_once(mined):
    decisions = Decisions(mined)
    assert decisions.set({0: "plant", 3: "skip"}) == {0: "plant", 3: "skip"}
    assert labels(mined) == ["plant", "", "", "skip", *[""] * 8]
    assert decisions.counts() == {"": 10, "plant": 1, "skip": 1}
    assert Decisions(mined).as_values() == decisions.as_values()


def test_a_change_is_taken_back_as_a_whole_and_in_order(mined):
    decisions = Decisions(mined)
    decisions.set({0: "plant", 1: "plant"})
    decisions.set({1: "other", 2: "other"})
    assert decisions.set({2: "other"}) == {}  # no change, nothing to take back
    assert decisions.undo() == {1: "plant", 2: ""}
    assert labels(mined)[:3] == ["plant", "plant", ""]
    assert decisions.undo() == {0: "", 1: ""}
    assert decisions.undo() == {}
    assert set(labels(mined)) == {""}


def test_everything_else_of_a_row_stays(mined):
    before = read_review(mined / "review.csv")
    Decisions(mined).set({4: "other"})
    after = read_review(mined / "review.csv")
    for one, other in zip(before, after, strict=True):
        assert vars(one) | {"label": ""} == vars(other) | {"label": ""}


def test_a_mistake_changes_nothing(mined):
    decisions = Decisions(mined)
    with pytest.raises(ValueError, match="unknown label 'leaf': expected one of other, plant"):
        decisions.set({0: "plant", 1: "leaf"})
    with pytest.raises(IndexError):
        decisions.set({0: "plant", 12: "plant"})
    assert set(labels(mined)) == {""}


def test_what_cannot_be_written_is_not_in_force(mined, monkeypatch):
    decisions = Decisions(mined)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        decisions.set({0: "plant"})
    assert decisions.counts() == {"": 12}
    assert decisions.undo() == {}


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda folder: (folder / "review.csv").unlink(), "review.csv: cannot be read"),
        (lambda folder: (folder / "review.csv").write_text("image,label\n"), "holds no photos"),
        (lambda folder: (folder / "review.csv").write_text("a,b\n1,2\n"), "row 2: expected column"),
        (lambda folder: (folder / "mine.json").unlink(), "mine.json: expected what"),
        (lambda folder: (folder / "mine.json").write_text(json.dumps([])), "mine.json: expected"),
    ],
)
def test_a_folder_that_is_none_gets_one_line(mined, break_it, said):
    break_it(mined)
    with pytest.raises(UnreadableDataError, match=said):
        Decisions(mined)

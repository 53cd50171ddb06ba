"""``compare`` and ``--folds``, on runs of the real program."""

import csv
import json
import re

import numpy as np
import pytest

from src.classic_train.__main__ import main
from tests.classic_train.photo_sets import SETS

pytestmark = pytest.mark.usefixtures("without_drawing")

SMALL = ["--epochs", "1", "--batch-size", "8", "--image-size", "32", "--filters", "4,4", "--quiet"]


def runs_of(directory):
    return sorted(path for path in (directory / "assets" / "runs").iterdir())


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    SETS["tomato"](tmp_path / "photos")
    return tmp_path


def test_runs_stand_side_by_side(here, capsys):
    for seed in ("0", "1"):
        assert main(["tomato", "--data", "photos", *SMALL, "--seed", seed]) == 0
    assert main(["compare", *map(str, runs_of(here))]) == 0
    output = capsys.readouterr().out
    assert re.search(r"^seed +0 +1$", output, re.MULTILINE)
    assert not re.search(r"^batch_size", output, re.MULTILINE)  # the same in both
    for run in runs_of(here):
        assert f"{json.loads((run / 'metrics.json').read_text())['test']['accuracy']:.4f}" in output
        counts = json.loads((run / "evaluation.json").read_text())["confusion_matrix"]
        assert f"{counts[1][0]} of {sum(counts[1])}" in output
        assert f"{counts[0][1]} of {sum(counts[0])}" in output
    assert "note:" not in output
    assert re.search(r"^accuracy( +\d\.\d{4}){4}$", output, re.MULTILINE)  # and two baselines
    assert "mean colour" in output
    assert main(["compare", "--by-class", *map(str, runs_of(here))]) == 0
    output = capsys.readouterr().out
    assert re.search(r"^unripe +\d+( +\d\.\d{4}){4}$", output, re.MULTILINE)


def test_other_test_samples_are_said_to_be_others(here, capsys):
    assert main(["tomato", "--data", "photos", *SMALL]) == 0
    assert main(["tomato", "--data", "photos", *SMALL, "--split-seed", "3"]) == 0
    assert main(["compare", *map(str, runs_of(here))]) == 0
    assert "note: the runs had different data" in capsys.readouterr().out


def test_what_cannot_be_compared_is_one_line(here, capsys):
    (here / "unfinished").mkdir()
    (here / "unfinished/config.json").write_text("{}")
    (here / "broken").mkdir()
    (here / "broken/config.json").write_text("{")
    for directory, message in (
        *(("photos", "is no run"), ("nowhere", "is no run")),
        *(("unfinished", "the run is not finished"), ("broken", "cannot be read")),
    ):
        assert main(["compare", directory]) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1


def test_every_photo_is_tested_once_in_cross_validation(here):
    arguments = ["tomato", "--data", "photos", *SMALL, "--folds", "3", "--check-gradients"]
    assert main(arguments) == 0
    (run,) = runs_of(here)
    assert {path.name for path in run.iterdir()} == {
        *("fold-1", "fold-2", "fold-3", "folds.csv", "cross_validation.json", "report.md")
    }
    assert main(["compare", str(run)]) == 2
    tested = []
    for fold in sorted(run.glob("fold-*")):
        with (fold / "predictions.csv").open(newline="") as file:
            tested += [row["sample"] for row in csv.DictReader(file)]
    assert len(tested) == len(set(tested)) == 16 * 3
    figures = json.loads((run / "cross_validation.json").read_text())["figures"]
    found = [
        json.loads((fold / "metrics.json").read_text())["test"]["accuracy"]
        for fold in sorted(run.glob("fold-*"))
    ]
    assert figures["accuracy"] == found
    with (run / "folds.csv").open(newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["test data"] == "accuracy")
    assert float(row["mean"]) == pytest.approx(np.mean(found), abs=1e-4)
    assert float(row["std"]) == pytest.approx(np.std(found, ddof=1), abs=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tomato", "--data", "photos", "--folds", "1"], "--folds: must be 2 or more, got 1"),
        (
            ["tomato", "--data", "photos", "--folds", "50"],
            "folds: expected at most one for each of",
        ),
        (["binary", "--folds", "3"], "unrecognized arguments: --folds"),
        (["tomato", "--resume", "x", "--folds", "3"], "--folds: cross-validation is not resumed"),
    ],
)
def test_mistakes_of_folds(arguments, message, here, capsys):
    try:
        status = main([*arguments, "--quiet"])
    except SystemExit as error:
        status = error.code
    assert status == 2
    assert message in capsys.readouterr().err
    assert not [path for path in here.rglob("*") if path.is_file() and "photos" not in path.parts]

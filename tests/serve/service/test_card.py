"""The card of a model: from its file and its run, and never those of another."""

import json
import shutil

from src.inference.classifier import load_model
from src.serve.service.card import describe
from tests.inference.models import write
from tests.serve.service.conftest import EVALUATION


def card(path):
    return describe("name", path, load_model(path))


def test_figures_are_those_of_the_run(runs):
    found = card(runs / "animals" / "model.safetensors")
    assert found["evaluation"]["confusion_matrix"] == EVALUATION["confusion_matrix"]
    assert found["parameters"] == 6 * 27 + 6 + 6 * 3 + 3
    assert found["metrics"] == {"accuracy": 0.9}
    json.dumps(found)


def test_a_model_of_another_epoch_has_not_the_figures_of_the_last(runs, tmp_path):
    shutil.copy(runs / "animals" / "evaluation.json", tmp_path)
    write(tmp_path / "best.safetensors")
    assert card(tmp_path / "best.safetensors")["evaluation"] is None


def test_figures_of_another_model_are_not_shown(runs, tmp_path):
    shutil.copy(runs / "animals" / "evaluation.json", tmp_path)
    path = write(tmp_path / "model.safetensors", metrics={"accuracy": 0.9})
    assert card(path)["evaluation"] is not None
    write(path, metrics={"accuracy": 0.8})
    assert card(path)["evaluation"] is None
    write(path, metrics={"accuracy": 0.9}, names=("x", "y", "z"))
    assert card(path)["evaluation"] is None
    write(path)
    assert card(path)["evaluation"] is None


def test_numbers_that_are_none_stay_json(tmp_path):
    path = write(
        tmp_path / "model.safetensors", metrics={"accuracy": float("nan")}, data={"samples": None}
    )
    found = card(path)
    assert found["metrics"] == {"accuracy": None}
    assert found["trained_on"]["samples"] == {}
    json.dumps(found, allow_nan=False)


def test_a_damaged_file_beside_the_model_is_no_reason_not_to_serve(tmp_path):
    path = write(tmp_path / "model.safetensors")
    for text in ("", "{", "[1]", "[" * 100_000, '{"right": 1'):
        (tmp_path / "evaluation.json").write_text(text)
        assert card(path)["evaluation"] is None


def test_licence_and_source_of_pretrained_weights_are_told(tmp_path):
    weights = {"architecture": "net", "source": "somewhere", "licence": "MIT", "digest": "x"}
    path = write(tmp_path / "model.safetensors", data={"weights": weights})
    assert card(path)["trained_on"]["weights"] == {
        "architecture": "net",
        "source": "somewhere",
        "licence": "MIT",
    }

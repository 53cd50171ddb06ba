"""``python -m src.inference quantize`` with real files."""

import csv
import json
from functools import partial

import numpy as np
import pytest

from src.inference import load_model
from src.inference.__main__ import main
from src.inference.quantize import Scheme
from src.inference.quantize.layer_report import LayerNoise, decibels
from src.inference.quantize.search import search
from tests.inference.models import write
from tests.load.photos import folder_of
from tests.programs import run_main

run = partial(run_main, main)
pytestmark = pytest.mark.usefixtures("without_drawing")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "m.safetensors")
    folder_of(tmp_path / "photos", {"cat": 8, "dog": 7, "owl": 9})
    return tmp_path


@pytest.mark.parametrize("scheme", ["static", "dynamic", "weights"])
def test_a_small_model_works_like_any_other(here, scheme):
    status, output, error = run(
        here, "quantize", "m.safetensors", "photos", "--scheme", scheme, "--calibration", 12
    )
    assert (status, error) == (0, "")
    path = here / f"m-{scheme}8.safetensors"
    assert f"{path.stat().st_size:,} after" in output
    assert "accuracy on 24 samples: " in output
    assert "McNemar's exact test: " in output
    assert "time of an input on one core: " in output
    before, after = load_model("m.safetensors"), load_model(path)
    assert after.classes == before.classes
    photos = sorted((here / "photos").rglob("*.png"))
    rows = [
        [list(p.probabilities.values()) for p in model.predict(photos)] for model in (before, after)
    ]
    assert not np.array_equal(*rows)
    assert np.allclose(*rows, atol=0.02)
    status, output, _ = run(here, "predict", path.name, "photos/cat")
    assert status == 0
    assert run(here, "evaluate", path.name, "photos", "--against", "m.safetensors")[0] == 0
    values = json.loads((here / f"m-{scheme}8/quantization.json").read_text())
    assert values["scheme"]["kind"] == scheme
    with open(here / f"m-{scheme}8/layers.csv", newline="") as file:
        layers = list(csv.DictReader(file))
    assert [row["layer"] for row in layers] == ["conv2d1", "dense1"]
    assert all(float(row["answers, it alone, dB"]) > 20 for row in layers)
    noise = [row["its outputs, dB"] for row in layers]  # of conv2d1 with the ReLU that it applies
    assert all(float(text) > 20 for text in noise) if scheme == "static" else noise == ["", ""]
    pictures = {p.name for p in (here / f"m-{scheme}8").glob("*.png")}
    assert pictures == {"layers.png", "ranges.png"} - (
        {"ranges.png"} if scheme != "static" else set()
    )
    status, _, error = run(here, "quantize", path.name, "photos", "--scheme", scheme)
    assert status == 2
    assert "the model is quantized already" in error


def test_options_change_the_model(here):
    answers = {}
    for name, arguments in {
        "usual": [],
        "bits": ["--bits", 4],
        "symmetric": ["--symmetric"],
        "tensor": ["--per-tensor"],
        "method": ["--method", "entropy"],
        "kept": ["--keep-float", "conv2d1"],
        "seed": ["--seed", 3],
        "calibration": ["--calibration", 24],
    }.items():
        status, output, _ = run(
            here,
            "quantize",
            "m.safetensors",
            "photos",
            "--calibration",
            9,
            *arguments,
            "--output",
            f"{name}.safetensors",
        )
        assert status == 0
        assert ("layers in float: conv2d1" in output) == (name == "kept")
        answers[name] = (here / f"{name}.safetensors").read_bytes()
    assert len(set(answers.values())) == len(answers)


def test_weights_need_no_data(here):
    status, output, error = run(
        here, "quantize", "m.safetensors", "--scheme", "weights", "--bits", 4
    )
    assert (status, error) == (0, "")
    assert "accuracy" not in output
    assert "noise of the layers is that of random inputs" in output
    assert (here / "m-weights4.safetensors").exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "--scheme static needs data"),
        (["--scheme", "weights", "--search", "0.9"], "--search needs data"),
        (["photos", "--bits", "17"], "bits must be 2 or more and 16 or less"),
        (["photos", "--bits", "1"], "argument --bits: must be 2 or more, got 1"),
        (["photos", "--bits", "12"], "static integers have 8 or fewer, got 12"),
        (["photos", "--keep-float", "conv9"], "there is no layer 'conv9'; there are conv2d1"),
        (["photos", "--calibration", "5"], "calibration: expected 8 samples or more, got 5"),
        (["photos", "--symmetric", "--asymmetric"], "not allowed with argument"),
        (["nothing"], "nothing: no such file or folder"),
        (["others"], "the data have a class"),
        (["photos", "--search", "1.0"], "with all layers in float the accuracy is"),
    ],
)
def test_a_mistake_is_one_line(here, arguments, line):
    folder_of(here / "others", {"fish": 4, "frog": 4})
    status, output, error = run(here, "quantize", "m.safetensors", *arguments)
    assert (status, output) == (2, "")
    assert line in error
    assert [text for text in error.splitlines() if "layers in float: accuracy" not in text] == [
        error.splitlines()[-1]
    ]
    assert sorted(path.name for path in here.glob("m*")) == ["m.safetensors"]


def test_search_keeps_the_fewest_layers_that_suffice():
    rows = [
        LayerNoise(name, 0, decibel, 0)
        for name, decibel in zip("abcdef", (30, 5, 20, 9, 40, 7), strict=True)
    ]
    tried = []

    def accuracy_of(scheme):
        tried.append(scheme.keep_float)
        return 0.5 + 0.1 * len(scheme.keep_float)

    found, accuracy = search(accuracy_of, Scheme(), rows, 0.7)
    assert found.keep_float == ("b", "f")  # the most sensitive first
    assert accuracy == pytest.approx(0.7)
    assert len(tried) <= 5
    found, _ = search(accuracy_of, Scheme(), rows, 0.4)
    assert found.keep_float == ()
    with pytest.raises(
        ValueError, match=r"--search 1.2: with all layers in float the accuracy is 1.1"
    ):
        search(accuracy_of, Scheme(), rows, 1.2)


def test_decibels():
    assert decibels(np.array([3.0, 4.0]), np.array([3.0, 4.5])) == pytest.approx(20)
    assert decibels(np.ones(3), np.ones(3)) == np.inf

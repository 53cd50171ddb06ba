"""``python -m src.inference explain`` and ``evaluate --explain`` with real files."""

import csv
import json
import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest
from PIL import Image

from src.classic_nn import Dense, Sequential
from src.classic_nn.serialization import SavedModel, save_model
from src.inference import load_model
from src.inference.__main__ import main
from src.inference.explain.choices import training_photos
from src.inference.explain_settings import METHOD_NAMES
from src.load import read_data
from tests.inference.models import write
from tests.load.photos import folder_of
from tests.paths import ROOT
from tests.programs import run_main

run = partial(run_main, main)
pytestmark = pytest.mark.usefixtures("without_drawing")
FAST = ["--coalitions", 100, "--grid", 3, "--pairs", 10, "--noise-samples", 4]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "m.safetensors")
    folder_of(tmp_path / "photos", {"cat": 3, "dog": 2, "owl": 2})
    return tmp_path


@pytest.mark.draws
def test_a_sheet_values_and_figures_for_each_photo(here):
    arguments = ["--method", "all", "--background", "photos/dog", *FAST, "--output-dir", "out"]
    status, output, error = run(here, "explain", "m.safetensors", "photos/cat", *arguments)
    assert (status, error) == (0, "")
    written = sorted(path.name for path in (here / "out").iterdir())
    assert len(written) == 9
    assert [name.split("-")[0] for name in written] == [*["000"] * 3, *["001"] * 3, *["002"] * 3]
    classifier = load_model("m.safetensors")
    for picture in (here / "out").glob("*.png"):
        assert str(picture.relative_to(here)) in output
        values = json.loads(picture.with_suffix(".json").read_text())
        arrays = np.load(picture.with_suffix(".npz"))
        assert set(values["methods"]) == set(METHOD_NAMES) == {*arrays} - {"x"}
        (answer,) = classifier.predict(values["image"])
        assert values["explained"] == answer.labels[0]
        assert values["probability"] == pytest.approx(answer.probabilities[answer.labels[0]])
        shap, gradients = (values["methods"][m] for m in ("shap", "integrated_gradients"))
        change = values["logit"] - values["baseline_logit"]
        assert "sum" not in values["methods"]["gradient"]
        assert shap["sum"] == pytest.approx(change, abs=1e-5)
        assert arrays["integrated_gradients"].sum() == pytest.approx(gradients["sum"])
        assert len(shap["standard_errors"]) == shap["players"] == 9
        assert arrays["x"].shape == arrays["gradient"].shape == (16, 16, 3)
        with Image.open(picture) as image:
            assert min(image.size) > 500
            assert np.asarray(image.convert("RGB")).std() > 20
    assert "integrated_gradients: sum" in output
    assert "completeness error" in output


def test_class_layer_and_baseline_are_used(here):
    photo = "photos/cat/000.png"

    def values(*arguments):
        status, _, error = run(here, "explain", "m.safetensors", photo, *arguments)
        assert (status, error) == (0, "")
        (path,) = (here / "assets/explanations/m").glob("*.json")
        return json.loads(path.read_text())

    usual = values("--class", "owl")
    assert usual["explained"] == "owl"
    assert values("--class", "owl", "--against", "cat")["explained"] == "owl against cat"
    black = values("--class", "owl", "--baseline", "black")
    assert black["baseline_logit"] != usual["baseline_logit"]
    maps = values("--method", "grad_cam", "--layer", "conv2d1")["methods"]["grad_cam"]
    assert maps["layer"] == "conv2d1"
    steps = values("--steps", "3", "--rule", "trapezoid")["methods"]["integrated_gradients"]
    assert steps["steps"] % 3 == 0


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--class", "owll"], "m.safetensors: unknown class 'owll': did you mean 'owl'?"),
        (["--class", "owl", "--against", "owl"], "--against: owl is the class that is explained"),
        (["--steps", "0"], "argument --steps: must be 1 or more, got 0"),
        (["--coalitions", "0"], "argument --coalitions: must be 1 or more, got 0"),
        (["--method", "expected_gradients"], "it needs other photos (--background DATA)"),
        (["--method", "lime"], "argument --method: invalid choice: 'lime'"),
        (["--background", "nothing"], "--background: nothing has no image that can be read"),
        (["--background", "photos"], "--background is for expected_gradients"),
        (["--baseline", "average"], "baseline average: it needs other photos"),
        (["--layer", "conv2d1"], "--layer is for grad_cam"),
        (["--method", "grad_cam", "--layer", "conv2"], "unknown layer 'conv2': did you mean"),
        (["--method", "occlusion", "--window", "17"], "window: expected 16 or less, got 17"),
        (["--method", "shap", "--coalitions", "99"], "expected 490 or more for 49 players, got 99"),
        (["--method", "shap", "--grid", "17"], "grid: expected 1 to 16 rows"),
        (["--steps", "3000"], "steps: expected 1 to 2,048, got 3,000"),
        (["--split", "test"], "--split is for --evaluate"),
        (["--rename", "a=b"], "--rename is for --evaluate"),
        (["--evaluate", "3", "--most", "2"], "--most is for images"),
    ],
)
def test_a_mistake_is_one_line(here, arguments, line):
    status, output, error = run(here, "explain", "m.safetensors", "photos/cat", *arguments)
    assert (status, output) == (2, "")
    assert line in error
    assert error.count("\n") == 1
    assert not (here / "assets").exists()


def test_what_cannot_be_explained_is_listed_and_the_rest_goes_on(here):
    (here / "photos/cat/001.png").write_bytes(b"\x89PNG")
    status, output, error = run(here, "explain", "m.safetensors", "photos/cat")
    assert status == 1
    assert output.count("integrated_gradients") == 2
    assert error.startswith("1 of the explanations could not be made:\n  photos/cat/001.png")
    arguments = ["--method", "expected_gradients", "--background", "photos/cat", "--pairs", 5]
    status, _, error = run(here, "explain", "m.safetensors", "photos/dog", *arguments)
    assert status == 0
    assert error.startswith("--background: without photos/cat/001.png")
    assert error.count("\n") == 1


def test_more_than_asked_for_is_said(here):
    status, output, error = run(here, "explain", "m.safetensors", "photos", "--most", 2)
    assert status == 0
    assert output.count(".png\n") == 2
    assert error == "5 more images were left out (--most 2)\n"


def test_samples_of_an_array(here, rng):
    network = Sequential([Dense(4), Dense(2)])
    network.build((5,), np.random.default_rng(0))
    save_model("v.safetensors", SavedModel(network, "multi_class", ["a", "b"]))
    x = rng.normal(size=(12, 5)).astype(np.float32)
    np.savez("x.npz", X=x, Y=rng.integers(2, size=12), class_names=np.array(["a", "b"]))
    status, output, error = run(
        here, "explain", "v.safetensors", "x.npz", "--method", "all", "--most", 2
    )
    assert status == 0
    assert output.count("shap: sum") == 2
    assert "without grad_cam: it needs a layer with maps" in error
    assert "10 more images were left out" in error
    assert len(list((here / "assets/explanations/v").glob("*.png"))) == 2
    status, output, error = run(here, "explain", "v.safetensors", "x.npz", "--evaluate", 6)
    assert status == 0
    assert "12" not in output.splitlines()[0]
    assert "on subject:" not in output
    assert (here / "assets/explanations/v-x/summary_shap.png").exists()


@pytest.mark.draws
def test_methods_are_measured_on_a_data_set(here):
    arguments = ["--evaluate", 4, *FAST, "--output-dir", "out"]
    status, output, error = run(here, "explain", "m.safetensors", "photos", *arguments)
    assert (status, error) == (0, "")
    with open(here / "out/measures.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == [*METHOD_NAMES, "edges", "random"]
    values = json.loads((here / "out/measures.json").read_text())
    for row in rows:
        found = values["methods"][row["method"]]
        assert len(found["deletion"]) == len(found["samples"] or found["deletion"]) == 4
        assert float(row["deletion"]) == pytest.approx(np.mean(found["deletion"]), abs=1e-3)
        assert float(row["insertion"]) == pytest.approx(np.mean(found["insertion"]), abs=1e-3)
    assert len(values["methods"]["shap"]["randomized"]) == 2
    for name in ("measures.png", "summary_shap.png", "report.md"):
        assert (here / "out" / name).stat().st_size > 500
        assert f"out/{name}" in output
    assert "known by: " in output
    assert "it is not known which of the 7 samples that these were chosen from" in output
    status, _, error = run(here, "explain", "m.safetensors", "photos", "photos", "--evaluate", 4)
    assert status == 2
    assert "--evaluate: expected one data set, got several" in error


def test_the_background_of_a_data_set_is_its_training_photos(here):
    folder_of(here / "data/train", {"cat": 2, "dog": 2})
    folder_of(here / "data/test", {"cat": 3, "dog": 2})
    dataset = read_data(here / "data")
    classifier = load_model("m.safetensors")
    found = training_photos(classifier, dataset, np.random.default_rng(0))
    expected = classifier.computed(dataset.images, dataset.splits["train"], lambda x: x)
    assert np.array_equal(found, expected)


def test_mistakes_are_explained_in_the_report(here):
    arguments = ["--explain", 3, "--output-dir", "out"]
    status, output, _ = run(here, "evaluate", "m.safetensors", "photos", *arguments)
    assert status == 0
    assert "out/explained_mistakes.png" in output
    page = (here / "out/report.md").read_text()
    assert "![What spoke for the wrong answer, in these mistakes](explained_mistakes.png)" in page
    run(here, "evaluate", "m.safetensors", "photos", "--output-dir", "out")
    assert not (here / "out/explained_mistakes.png").exists()
    assert "explained_mistakes" not in (here / "out/report.md").read_text()


def test_interrupted_what_is_done_stays_and_nothing_is_half_written(here):
    command = [sys.executable, "-m", "src.inference", "explain", "m.safetensors", "photos"]
    command += ["--method", "shap", "--coalitions", "40000", "--output-dir", "out"]
    process = subprocess.Popen(
        command, cwd=here, env={"PYTHONPATH": str(ROOT), "PATH": ""}, stderr=subprocess.PIPE
    )
    end = time.monotonic() + 60
    while not list((here / "out").glob("*.json")) and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in error
    files = sorted(path.name for path in (here / "out").iterdir())
    assert not [name for name in files if "partial" in name]

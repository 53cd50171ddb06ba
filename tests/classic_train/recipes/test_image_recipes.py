"""The recipes on image files, by their commands, on small data of the same formats."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from src.classic_nn.serialization import load_model
from src.classic_train.__main__ import main
from tests.load.test_idx import idx_bytes
from tests.load.test_sign_mnist import rows, text

pytestmark = pytest.mark.usefixtures("without_drawing")


def greys(classes, count, rng):
    """Noisy images whose brightness is the class: easily learned, however they are rotated."""
    labels = np.arange(count) % classes
    noise = rng.integers(0, 30, (count, 28, 28))
    return (noise + labels[:, None, None] * (200 // classes)).astype(np.uint8), labels


@pytest.fixture
def sign_folder(tmp_path, rng):
    for split, count in (("train", 300), ("test", 60)):
        images, labels = greys(6, count, rng)
        labels = labels + (labels > 3) * 6  # 0 to 3, 10, 11
        table = np.hstack([labels[:, np.newaxis], images.reshape(count, -1)])
        (tmp_path / f"sign_mnist_{split}.csv").write_text(text(table))
    return tmp_path


@pytest.fixture
def fashion_folder(tmp_path, rng):
    for prefix, count in (("train", 300), ("t10k", 60)):
        images, labels = greys(10, count, rng)
        for kind, array in (("images-idx3", images), ("labels-idx1", labels.astype(np.uint8))):
            (tmp_path / f"{prefix}-{kind}-ubyte").write_bytes(idx_bytes(array))
    return tmp_path


def only_run(directory):
    (path,) = (directory / "assets" / "runs").iterdir()
    return path


@pytest.mark.draws
def test_sign_mnist_learns_and_keeps_the_original_labels(sign_folder, monkeypatch, capsys):
    monkeypatch.chdir(sign_folder)
    small = ["--hidden", "32"]
    arguments = ["sign_mnist", "--data", str(sign_folder), "--batch-size", "32", *small]
    assert main([*arguments, "--epochs", "6", "--check-gradients"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^60 samples +model +most frequent$", printed, re.MULTILINE)
    run = only_run(sign_folder)
    assert json.loads((run / "metrics.json").read_text())["test"]["accuracy"] > 0.9
    model = load_model(run / "model.safetensors")
    assert model.task == "multi_class"
    assert model.class_names == ["0 A", "1 B", "2 C", "3 D", "10 K", "11 L"]
    assert "255" in model.preprocessing["input"]
    pictures = {path.name for path in run.glob("*.png")}
    assert pictures >= {"cost.png", "accuracy.png", "predictions.png", "confusion_matrix.png"}
    for path in run.glob("*.png"):
        with Image.open(path) as image:
            image.load()
    assert main(["sign_mnist", "--resume", str(run), "--epochs", "7", "--quiet"]) == 0
    assert len(json.loads((run / "metrics.json").read_text())["history"]) == 7


def test_fashion_mnist_runs(fashion_folder, monkeypatch):
    monkeypatch.chdir(fashion_folder)
    assert main(["fashion_mnist", "--data", ".", "--epochs", "2", "--quiet"]) == 0
    assert load_model(only_run(fashion_folder) / "model.safetensors").class_names[0] == "T-shirt"


def test_scenes_for_a_cnn_are_those_of_free_placement(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = ["--train-samples", "100", "--epochs", "1", "--quiet"]
    assert main(["multi_label", "--model", "cnn", *small]) == 0
    config = json.loads((only_run(tmp_path) / "config.json").read_text())
    assert (config["model"], config["data"], config["optimizer"]) == ("cnn", "canvas", "adam")
    assert load_model(only_run(tmp_path) / "model.safetensors").network.input_shape == (20, 20, 1)


def test_given_options_win_over_those_of_the_model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = ["--model", "cnn", "--data", "scenes", "--train-samples", "60", "--epochs", "1"]
    assert main(["multi_label", *given, "--optimizer", "momentum", "--quiet"]) == 0
    config = json.loads((only_run(tmp_path) / "config.json").read_text())
    assert (config["data"], config["optimizer"]) == ("scenes", "momentum")
    assert config["learning_rate"] == 0.1  # momentum's own, not that of the model's Adam


USER_ERRORS = {
    "no data": (["sign_mnist"], "error: Sign Language MNIST is not in assets/mnist/signs: "),
    "no such directory": (
        ["sign_mnist", "--data", "sings"],
        "error: --data: .*or a path that exists: a folder",
    ),
    "no files": (["sign_mnist", "--data", "."], "expected sign_mnist_train.csv"),
    "no idx files": (["fashion_mnist", "--data", "."], "expected train-images-idx3-ubyte"),
    "unknown model": (["multi_label", "--model", "cnm"], "error: --model: .*cnn"),
    "unknown model with an option of another": (
        ["dishes", "--model", "backbone", "--backbone", "resnet50"],
        "error: --model: unknown model 'backbone'",
    ),
    "a model that data do not fit": (
        ["multi_label", "--model", "cnn", "--data", "blobs"],
        "error: --model: ",
    ),
}


@pytest.mark.parametrize("name", USER_ERRORS)
def test_mistakes_are_one_line_and_leave_nothing(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments, message = USER_ERRORS[name]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert re.search(message, error), error
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_bad_row_is_named_on_the_command_line(sign_folder, monkeypatch, capsys):
    monkeypatch.chdir(sign_folder)
    table = rows(40).astype(object)
    table[20, 3] = "grey"
    (sign_folder / "sign_mnist_test.csv").write_text(text(table))
    assert main(["sign_mnist", "--data", ".", "--quiet"]) == 2
    assert "sign_mnist_test.csv: row 21: pixel3: expected a whole number, got 'grey'" in (
        capsys.readouterr().err
    )

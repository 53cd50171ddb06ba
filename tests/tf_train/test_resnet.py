"""``python -m src.tf_train.resnet resnet50``: a run that everything else reads, and mistakes."""

import csv
import gzip
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from src.classic_cnn.architectures.resnet import BLOCKS
from src.history.__main__ import main as history
from src.inference import load_model
from src.inference.__main__ import main as inference
from src.load.sign_mnist import read_sign_mnist
from src.tf_train.resnet import main
from tests.paths import ROOT
from tests.programs import run_main

SAMPLES = {"train": 200, "test": 48}

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def write_signs(folder, samples=SAMPLES):
    """Pictures of stripes, whose number says the letter."""
    rng = np.random.default_rng(0)
    folder.mkdir(exist_ok=True)
    for split, count in samples.items():
        labels = np.array([0, 5, 24])[np.arange(count) % 3]
        place = np.arange(28)
        for_label = {0: 2, 5: 4, 24: 8}
        rows = [",".join(["label", *(f"pixel{k}" for k in range(1, 785))])]
        for label in labels:
            wave = 127 + 100 * np.sin(place * np.pi * for_label[int(label)] / 28)
            image = np.clip(np.tile(wave, (28, 1)) + rng.normal(0, 20, (28, 28)), 0, 255)
            rows.append(",".join(map(str, [label, *image.astype(int).ravel()])))
        with gzip.open(folder / f"sign_mnist_{split}.csv.gz", "wt") as file:
            file.write("\n".join(rows))
    return folder


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def only(folder):
    (found,) = folder.iterdir()
    return found


@pytest.fixture(scope="module")
def tensorflow():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    return pytest.importorskip("tensorflow", reason="needs the extra 'tf'")


SMALL = ["--image-size", "28", "--batch-size", "16", "--learning-rate", "0.0005"]


@pytest.fixture(scope="module", autouse=True)
def _few_blocks():
    """One of each stage: graphs are made three times as fast."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BLOCKS, 50, (1, 1, 1, 1))
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory, tensorflow):
    folder = tmp_path_factory.mktemp("tf")
    data = write_signs(folder / "signs")
    status, output, error = run_main(
        main, folder, "resnet50", "--data", data, *SMALL, "--epochs", "2", "--keep", "last"
    )
    assert status == 0, error
    return folder, output


@pytest.mark.usefixtures("without_drawing")
def test_a_run_is_as_any_other(run):
    import keras

    folder, output = run
    made = only(folder / "assets" / "runs")
    config = json.loads((made / "config.json").read_text())
    assert config["backend"].startswith("TensorFlow 2")
    assert f"by {config['backend']}" in (made / "report.md").read_text()
    assert "-m src.tf_train.resnet resnet50 --resume" in output
    assert "Epoch 2/2\n12/12 - " in output
    lines = [line for line in output.splitlines() if line.startswith("12/12")]
    records = rows_of(made / "epochs.csv")
    for line, record in zip(lines, records, strict=True):
        assert f"- loss: {float(record['cost']):.4f}" in line
        assert f"- val_accuracy: {float(record['accuracy']):.4f}" in line
        assert "ms/step - accuracy: " in line or "s/step - accuracy: " in line
    assert float(records[1]["cost"]) < float(records[0]["cost"])

    model = load_model(made / "model.safetensors")
    assert model.classes == ["0 A", "5 F", "24 Y"]
    images, _ = read_sign_mnist(folder / "signs", cache=None)["test"]
    x = images[..., np.newaxis].astype(np.float32) / 255
    theirs = keras.saving.load_model(made / "resnet50.keras").predict(x, verbose=0)
    ours, _ = model.model.network.forward(x)
    largest = np.abs(theirs).max()
    np.testing.assert_allclose(ours, theirs, atol=1e-4 * largest)

    status, shown, error = run_main(
        inference, folder, "evaluate", made / "model.safetensors", folder / "signs"
    )
    assert status == 0, error
    metrics = json.loads((made / "metrics.json").read_text())["test"]
    assert f"{metrics['accuracy']:.4f}" in shown


def test_its_history_has_our_tags(run):
    folder, _ = run
    logs = only(folder / "logs")
    table = folder / "history.csv"
    status, _, error = run_main(history, folder, "export", logs, "--to", "csv", "--output", table)
    assert status == 0, error
    rows = rows_of(table)
    tags = {row["tag"] for row in rows}
    assert {"/cost", "/validation_cost", "/metrics/accuracy"} <= tags
    assert "/batch_no_0/gradients/layer1.0.sum.body.conv2.dW_norm" in tags
    assert "/parameters/conv1.W_l2" in tags
    norms = [float(row["value"]) for row in rows if row["tag"].endswith("_norm")]
    assert len(norms) > 100
    assert min(norms) >= 0 < max(norms)


@pytest.mark.usefixtures("without_drawing")
def test_training_goes_on_to_the_same_numbers(run):
    """Two epochs at once, and one after the other."""
    folder, _ = run
    whole = only(folder / "assets" / "runs")
    begun = folder / "begun"
    common = ["--output-dir", begun, "--log-dir", folder / "begun_logs"]
    status, _, error = run_main(
        main, folder, "resnet50", "--data", folder / "signs", *SMALL, "--epochs", "1",
        "--keep", "last", *common
    )  # fmt: skip
    assert status == 0, error
    made = only(begun)
    status, _, error = run_main(main, folder, "resnet50", "--resume", made, "--epochs", "2")
    assert status == 0, error
    histories = [
        json.loads((path / "metrics.json").read_text())["history"] for path in (whole, made)
    ]
    assert histories[0] == histories[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["resnet18"], "unknown network 'resnet18'"),
        (["resnet50", "--mpi", "2"], "--mpi: one process trains here"),
        (["resnet50", "--optimizer", "sgd"], "--optimizer: resnet50 does not use it"),
        (["resnet50", "--image-size", "27"], "must be 28 or more"),
        (["resnet50", "--epoch", "2"], "unrecognized arguments: --epoch"),
        (["resnet50", "--data", "nowhere/at_all"], "no such file or folder"),
    ],
)
def test_mistakes_are_one_line(arguments, message, tmp_path, tensorflow):
    status, _, error = run_main(main, tmp_path, *arguments)
    assert status == 2
    assert len(error.splitlines()) == 1
    assert message in error
    assert not (tmp_path / "assets").exists() or not any((tmp_path / "assets/runs").iterdir())


def test_without_tensorflow_one_line_says_which_extra(tmp_path):
    blocked = "import sys; sys.modules['tensorflow'] = None; sys.modules['keras'] = None; "
    code = blocked + "from src.tf_train.resnet import main; sys.exit(main(['resnet50']))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 2
    assert "pip install -e '.[tf]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    shown = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "src.tf_train.resnet", "resnet50", "--help"],
        cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert shown.returncode == 0
    assert "--image-size" in shown.stdout
    assert "--optimizer NAME" not in shown.stdout
    assert not {"tensorflow", "keras", "tensorboard"} & set(re.findall(r"\|\s+(\w+)", shown.stderr))

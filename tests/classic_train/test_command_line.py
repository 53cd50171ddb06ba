"""The command line as people use it: real processes, real files."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from src.classic_nn import BinaryCrossEntropy
from src.classic_nn.serialization import load_model, write_tensor_file
from src.classic_nn.utils import predict_labels, predict_probabilities
from src.classic_train.__main__ import main
from src.classic_train.callbacks import read_checkpoint
from src.classic_train.data.generated import digit_strips
from src.classic_train.mini_batch.metrics import exact_match
from src.classic_train.recipes.registry import RECIPES
from src.history import TrainingHistoryReader
from tests.conftest import draw_nothing
from tests.paths import ROOT

pytestmark = pytest.mark.usefixtures("without_drawing")

SMALL = ["--train-samples", "300", "--epochs", "2", "--hidden", "16"]


def environment(directory):
    """The child's environment: our packages, warnings as errors, no display."""
    changed = {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", "MPLCONFIGDIR": str(directory)}
    hidden = {"DISPLAY", "WAYLAND_DISPLAY"}
    return {k: v for k, v in os.environ.items() if k not in hidden} | changed


def start(directory, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "src.classic_train", *map(str, arguments)],
        cwd=directory,
        env=environment(directory),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(directory, *arguments):
    process = start(directory, *arguments)
    output, error = process.communicate(timeout=120)
    return process.returncode, output, error


def only_run(directory):
    (path,) = (directory / "assets" / "runs").iterdir()
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A short complete run: directory, what it printed."""
    directory = tmp_path_factory.mktemp("trained")
    status, output, error = run(directory, "multi_label", *SMALL, "--check-gradients", "--show")
    assert status == 0, error
    return directory, output, error


def test_a_run_leaves_model_checkpoints_pictures_metrics_and_history(trained):
    directory, _, _ = trained
    assert {path.name for path in only_run(directory).iterdir()} == {
        *("config.json", "metrics.json", "model.safetensors", "epochs.csv", "report.md"),
        *("best.safetensors", "last.safetensors"),
        *("cost.png", "exact_match.png", "predictions.png", "mistakes.png"),
        *("evaluation.json", "classes.csv", "predictions.csv"),
        *("roc.png", "precision_recall.png", "calibration.png", "confidence.png"),
        "risk_coverage.png",
    }
    for path in only_run(directory).glob("*.png"):
        with Image.open(path) as image:
            image.load()
    config = json.loads((only_run(directory) / "config.json").read_text())
    assert (config["recipe"], config["epochs"], config["hidden"]) == ("multi_label", 2, [16])
    costs = TrainingHistoryReader(directory / "logs").get_costs("all")
    assert set(costs["run"]) == {only_run(directory).name}
    assert len(costs) == 4


def test_a_run_prints_data_network_gradient_check_and_metrics_next_to_the_baseline(trained):
    _, output, _ = trained
    assert output.startswith("multi_label: handwritten digits on a strip (train 300, validation")
    assert re.search(r"^dense1 +\(16,\) +3,088", output, re.MULTILINE)
    assert len(re.findall(r" ok$", output, re.MULTILINE)) == 5  # x, W1, b1, W2, b2
    assert re.search(r"^elementwise_accuracy +0\.\d{4} +0\.8\d{3}$", output, re.MULTILINE)


def test_show_without_a_display_says_where_the_pictures_are(trained):
    _, _, error = trained
    assert "--show: there is no display; the pictures are in" in error


def test_the_saved_model_reproduces_the_printed_figure(trained):
    directory, output, _ = trained
    model = load_model(only_run(directory) / "model.safetensors")
    options = RECIPES["multi_label"].options
    test = digit_strips(options).test  # validation and test do not depend on train_samples
    probabilities = predict_probabilities(model.network, BinaryCrossEntropy(), test.x)
    printed = float(re.search(r"^exact_match +(\S+)", output, re.MULTILINE)[1])
    assert exact_match(test.y, probabilities) == pytest.approx(printed, abs=1e-4)
    assert model.metrics["exact_match"] == exact_match(test.y, probabilities)
    assert model.class_names == [str(digit) for digit in range(10)]
    assert predict_labels(probabilities).shape == (2000, 10)


def test_the_next_commands_can_be_run(trained, monkeypatch, capsys):
    directory, output, _ = trained
    monkeypatch.chdir(directory)
    commands = [line.strip() for line in output.split("next:")[1].strip().splitlines()]
    assert len(commands) == 3
    assert commands[0].endswith("-m tensorboard.main --logdir logs")
    for command in commands[1:]:
        arguments = shlex.split(command.split("-m src.classic_train ")[1])
        quick = [] if "--resume" in arguments else SMALL
        assert main([*arguments, *quick, "--quiet"]) == 0
        assert capsys.readouterr().err == ""
    resumed = [
        d for d in (directory / "assets/runs").iterdir() if d.name.startswith("multi_label-")
    ]
    assert read_checkpoint(resumed[0])[1]["epoch"] == 12


def test_list_names_every_recipe(tmp_path):
    status, output, error = run(tmp_path, "list")
    assert (status, error) == (0, "")
    assert [line.split()[0] for line in output.splitlines()] == list(RECIPES)
    assert not list(tmp_path.iterdir())


def test_help_shows_every_setting_with_its_default(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["multi_label_adam", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for option, default in {
        **{"--epochs": "20", "--batch-size": "64", "--learning-rate": "0.002"},
        **{"--optimizer": "adam", "--hidden": "256,128", "--dropout": "0.2", "--l2": "0.0"},
        **{"--schedule": "exponential:base=0.85", "--seed": "0", "--dtype": "float32"},
        **{"--workers": "1", "--log-dir": "logs", "--output-dir": "assets/runs"},
        **{"--history-every": "1", "--data": "scenes"},
    }.items():
        description = re.search(rf" {option} [A-Z][^()]*\(default: ([^)]*)\)", text)
        assert description[1] == default, option
    for flag in ("--check-gradients", "--resume RUN", "--quiet", "--show"):
        assert flag in text


OWN_TESTS = {"multi_label", "fashion_mnist", "sign_mnist"}  # those of images have their own files
OWN_TESTS |= {"dishes", "tomato", "produce", "plants", "grocery", "photos", "imagenet100"}


@pytest.mark.parametrize("recipe", [name for name in RECIPES if name not in OWN_TESTS])
def test_every_recipe_runs(recipe, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([recipe, *(SMALL if recipe != "digits" else ["--epochs", "1"]), "--quiet"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "epoch" not in captured.err
    pictures = {path.name for path in only_run(tmp_path).glob("*.png")}
    shown = "decision_boundary.png" if recipe.startswith("binary") else "predictions.png"
    assert shown in pictures


@pytest.mark.parametrize(
    "options",
    [
        ["--data", "blobs"],
        ["--optimizer", "radam:beta1=0.8", "--schedule", "plateau:patience=0"],
        ["--activation", "silu", "--initialization", "lecun", "--l2", "1e-4", "--clip-norm", "1"],
        ["--dtype", "float64", "--workers", "2", "--dropout", "0"],
        ["--hidden", "none", "--patience", "1", "--checkpoint-every", "1"],
    ],
    ids=" ".join,
)
def test_settings_are_used(options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["multi_label", *SMALL, "--quiet", *options]) == 0
    model = load_model(only_run(tmp_path) / "model.safetensors")
    assert model.network.parameters.vector.dtype == (
        "float64" if "float64" in options else "float32"
    )
    if "none" in options:
        assert list(model.network.parameters) == ["W1", "b1"]
        assert (only_run(tmp_path) / "epoch-0002.safetensors").exists()


def test_own_arrays_train(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(0).normal(size=(200, 4))
    np.savez("own.npz", X=x, Y=(x[:, 0] > 0).astype(int))
    assert main(["binary", "--data", "own.npz", "--epochs", "3", "--quiet"]) == 0
    assert {"cost.png", "accuracy.png", "pca.png"} <= {
        path.name for path in only_run(tmp_path).glob("*.png")
    }


MISTAKES = [
    (["multilabel"], "unknown recipe 'multilabel': did you mean 'multi_label'"),
    ([], "required: RECIPE"),
    (["multi_label", "--optimizer", "adma"], "unknown optimizer 'adma': did you mean 'adam'"),
    (["multi_label", "--epochs", "-3"], "--epochs: must be 1 or more, got -3"),
    (["multi_label", "--epochs", "many"], "--epochs: expected a whole number, got 'many'"),
    (["multi_label", "--learning-rate", "0"], "--learning-rate: must be above 0, got 0"),
    (["multi_label", "--learning-rate", "nan"], "--learning-rate: must be above 0, got nan"),
    (["multi_label", "--dropout", "1"], "--dropout: must be 0 or more and below 1, got 1"),
    (["multi_label", "--hidden", "8,x"], "--hidden: expected a whole number, got 'x'"),
    (["multi_label", "--schedule", "cosin"], "unknown schedule 'cosin': did you mean 'cosine'"),
    (["multi_label", "--schedule", "step:factr=1"], "'factr': did you mean 'factor'"),
    (["multi_label", "--dtype", "float16"], "unknown dtype 'float16'"),
    (["multi_label", "--schedule", "step:every=0"], "every must be 1 or more, got 0"),
    (["multi_label", "--schedule", "cosine:warmup=-1"], "warmup must be 0 or more, got -1"),
    (["multi_label", "--optimizer", "adam:beta1=0.1/0.2"], "beta1 must be a finite number"),
    (["multi_label", "--optimizer", "adam:learning_rate=1"], "learning rate as --learning-rate"),
    (["multi_label", "--hidden", "99999999999"], "--hidden: must be 1,000,000,000 or less"),
    (["multi_label", "--hidden", "999999999,99999999"], "not enough memory"),
    (["multi_label", "--data", "empty.npz"], "expected X (samples, ...)"),
    (
        ["multi_label", "--resume", "x", "--log-dir", "y"],
        "--resume goes on in the run's directories",
    ),
    (["multi_label", "--data", "blob"], "unknown data 'blob': did you mean 'blobs'"),
    (["multi_label", "--data", "missing.npz"], "--data: missing.npz: no such file or folder"),
    (
        ["multi_label", "--data", "nan.npz"],
        "nan.npz: X: expected finite numbers, got nan in sample 7",
    ),
    (
        ["multi_label", "--data", "rows.npz"],
        "got X (30, 2) of float64 and Y (29, 1)",
    ),
    (["multi_label", "--resume", "nowhere"], "nowhere: no such file"),
    (["multi_label", "--resume", "nan.npz"], "nan.npz: damaged or not a safetensors file"),
    (["multi_label", "--output-dir", "file/runs"], "cannot create file/runs"),
    (["multi_label", "--log-dir", "file/logs"], "cannot create file/logs"),
    (
        ["multi_label", "--unknown-option"],
        "src.classic_train multi_label: error: unrecognized arguments: --unknown-option (see ",
    ),
    (
        ["produce", "--model", "mlp", "--data", "rows.npz", "--color", "grey"],
        "--color: is for photos, and --data is ",
    ),
    (["digits", "--activation", "tanh"], "--activation: the network lenet of digits does not use"),
    (["digits", "--hidden", "7"], "--hidden: the network lenet of digits does not use it; it uses"),
    (["digits", "--miss-weight", "3"], "--miss-weight: digits does not use it; leave it out"),
    (["dishes", "--model", "tiny_vgg", "--dropout", "0.1"], "it uses none of these options"),
    (["dishes", "--hidden", "8"], "it uses --dropout, --filters"),
    (["plants", "--labels", "fine"], "--labels: plants does not use it"),
    (["binary", "--image-size", "32"], "unrecognized arguments: --image-size 32"),
    (
        ["binary", "--data", "nan.npz", "--train-samples", "50"],
        "--train-samples: is for generated data, and --data is",
    ),
    (
        ["binary", "--workers", "auto", "--product-threads", "2"],
        "--product-threads: is chosen by --workers auto",
    ),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES, ids=[" ".join(m[0]) for m in MISTAKES])
def test_a_mistake_is_one_line_and_status_two(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    x, y = np.ones((30, 2)), np.zeros((30, 1))
    np.savez("rows.npz", X=x, Y=y[:29])
    x[7, 1] = np.nan
    np.savez("nan.npz", X=x, Y=y)
    np.savez("empty.npz", X=np.ones((30, 0)), Y=y)
    (tmp_path / "file").write_text("not a directory")
    try:
        status = main(arguments)
    except SystemExit as stopped:
        status = stopped.code
    captured = capsys.readouterr()
    assert status == 2
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    runs = [*tmp_path.glob("assets/runs/*"), *tmp_path.glob("logs/*")]
    assert runs == []  # nothing half-made is left


def test_a_mistake_in_a_real_process(tmp_path):
    status, output, error = run(tmp_path, "multi_lable")
    assert (status, output) == (2, "")
    assert error.count("\n") == 1


def test_divergence_is_one_line_and_keeps_the_last_good_checkpoint(tmp_path, monkeypatch, capsys):
    """The rate is fine for two epochs and absurd from the third on."""
    monkeypatch.chdir(tmp_path)
    arguments = ["multi_label", *SMALL, "--epochs", "5", "--quiet", "--optimizer", "sgd"]
    schedule = "discrete:boundaries=2,factors=1e35"
    assert main([*arguments, "--schedule", schedule]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert re.search(r"in epoch 3, batch \d \(learning rate 1e\+33\)", error)
    assert "first layer whose output is not finite: dense2" in error
    assert read_checkpoint(only_run(tmp_path))[1]["epoch"] == 2


def test_wrong_gradients_stop_before_training(tmp_path, monkeypatch, capsys):
    from src.classic_nn import ReLU

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ReLU, "derive", lambda self, dy, y: dy * 0.9 * (y > 0))
    assert main(["multi_label", *SMALL, "--quiet", "--check-gradients"]) == 1
    error = capsys.readouterr().err
    assert (
        "the gradients of x, W1, b1 disagree with finite differences; nothing was trained" in error
    )
    assert error.count("\n") == 1


def weights_after(directory):
    return read_checkpoint(only_run(directory))


def same_run(first, second):
    (arrays, metadata), (other_arrays, other_metadata) = weights_after(first), weights_after(second)
    assert metadata["history"] == other_metadata["history"]
    assert arrays.keys() == other_arrays.keys()
    for name, array in arrays.items():
        assert np.array_equal(array, other_arrays[name]), name


LONG = ["batch_norm", "--train-samples", "1000", "--epochs", "12", "--hidden", "32"]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    directory = tmp_path_factory.mktemp("uninterrupted")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(directory)
        draw_nothing(patch)
        assert main([*LONG, "--quiet"]) == 0
    return directory


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_run_resumes_as_if_it_had_never_been_stopped(
    stop, uninterrupted, tmp_path, monkeypatch, capsys
):
    process = start(tmp_path, *LONG)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if list(tmp_path.glob("assets/runs/*/last.safetensors")):
            break
        time.sleep(0.01)
    process.send_signal(stop)
    _, error = process.communicate(timeout=60)
    assert 1 <= weights_after(tmp_path)[1]["epoch"] < 12
    if stop == signal.SIGINT:
        assert process.returncode == 130
        assert (
            "interrupted. The last complete epoch is in its checkpoint:" in error.splitlines()[-1]
        )
        assert "Traceback" not in error
    monkeypatch.chdir(tmp_path)
    resumed = str(only_run(tmp_path).relative_to(tmp_path))
    assert main(["batch_norm", "--resume", resumed]) == 0
    output = capsys.readouterr().out
    assert re.search(r"^resuming assets/runs/\S+ after epoch \d+$", output, re.MULTILINE)
    same_run(uninterrupted, tmp_path)
    first, second = (
        TrainingHistoryReader(directory / "logs").get_history()
        for directory in (uninterrupted, tmp_path)
    )
    columns = ["step", "tag", "value"]
    assert first[columns].equals(second[columns])


def test_resuming_refuses_to_become_another_run(trained, capsys, monkeypatch):
    directory, _, _ = trained
    monkeypatch.chdir(directory)
    path = next(
        p for p in (directory / "assets/runs").iterdir() if p.name.startswith("multi_label-")
    )
    for arguments, message in [
        (["multi_label", "--batch-size", "8"], "--batch-size: the run was started with 64"),
        (["binary"], "is a run of multi_label"),
        (["multi_label", "--epochs", "1"], "already trained for"),
        (["multi_label", "--data", "blobs"], "the samples are not those that it was trained on"),
    ]:
        assert main([*arguments, "--resume", str(path)]) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1


def test_a_run_that_was_stopped_after_its_last_epoch_is_completed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["multi_label", *SMALL, "--quiet"]) == 0
    wanted = load_model(only_run(tmp_path) / "model.safetensors")
    for name in ("model.safetensors", "metrics.json", "predictions.png"):
        (only_run(tmp_path) / name).unlink()
    assert main(["multi_label", "--resume", str(only_run(tmp_path))]) == 0
    assert "after epoch 2" in capsys.readouterr().out
    again = load_model(only_run(tmp_path) / "model.safetensors")
    assert np.array_equal(again.network.parameters.vector, wanted.network.parameters.vector)
    assert again.metrics == wanted.metrics
    assert (only_run(tmp_path) / "predictions.png").exists()


def test_resuming_works_from_another_directory(tmp_path, monkeypatch):
    (tmp_path / "first").mkdir()
    monkeypatch.chdir(tmp_path / "first")
    assert main(["multi_label", *SMALL, "--quiet"]) == 0
    monkeypatch.chdir(tmp_path)
    path = only_run(tmp_path / "first")
    assert main(["multi_label", "--resume", str(path), "--epochs", "3", "--quiet"]) == 0
    assert list(TrainingHistoryReader("first/logs").get_costs()["step"]) == [1, 2, 3]
    assert not (tmp_path / "logs").exists()


def test_resuming_with_other_data_is_explained(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.savez("own.npz", X=np.eye(60, 3), Y=np.arange(60) % 2)
    assert main(["binary", "--data", "own.npz", "--epochs", "1", "--quiet"]) == 0
    resume = ["binary", "--resume", str(only_run(tmp_path)), "--epochs", "2", "--quiet"]
    for changed in (np.eye(60, 3) + 1, np.eye(60, 4)):
        np.savez("own.npz", X=changed, Y=np.arange(60) % 2)
        assert main(resume) == 2
        assert "the samples are not those that it was trained on" in capsys.readouterr().err
    assert read_checkpoint(only_run(tmp_path))[1]["epoch"] == 1


def test_resuming_finds_data_that_were_moved(tmp_path, monkeypatch, capsys):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    np.savez("own.npz", X=np.eye(60, 3), Y=np.arange(60) % 2)
    assert main(["binary", "--data", "own.npz", "--epochs", "1", "--quiet"]) == 0
    monkeypatch.chdir(tmp_path / "elsewhere")
    resume = ["binary", "--resume", str(only_run(tmp_path)), "--quiet", "--epochs"]
    assert main([*resume, "2"]) == 0
    (tmp_path / "own.npz").rename("moved.npz")
    assert main([*resume, "3"]) == 2
    assert "own.npz: no such file or folder" in capsys.readouterr().err
    assert main([*resume, "3", "--data", "moved.npz"]) == 0
    monkeypatch.chdir(tmp_path)
    assert main([*resume, "4"]) == 0  # it knows the new place, from anywhere


@pytest.mark.draws
def test_names_of_classes_are_no_formulas(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x, y = np.random.default_rng(0).random((60, 4, 4, 1)), np.ones((60, 2))
    np.savez("own.npz", X=x, Y=y, class_names=np.array(["$\\fra{x$", "50% $"]))
    assert main(["multi_label", "--data", "own.npz", "--epochs", "1", "--quiet"]) == 0
    assert (only_run(tmp_path) / "predictions.png").exists()


def test_a_checkpoint_of_another_program_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_tensor_file(tmp_path / "last.safetensors", {"a": np.ones(1)}, {"kind": "checkpoint"})
    assert main(["binary", "--resume", "."]) == 2
    assert "was not written by a recipe" in capsys.readouterr().err


@pytest.mark.draws
@pytest.mark.parametrize("features", [1, 2, 5])
def test_any_number_of_features_gets_its_pictures(features, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(0).normal(size=(80, features))
    np.savez("own.npz", X=x, Y=(x[:, 0] > 0).astype(int))
    assert main(["binary", "--data", "own.npz", "--epochs", "1", "--quiet"]) == 0
    own = "decision_boundary.png" if features == 2 else "pca.png"
    assert {path.name for path in only_run(tmp_path).glob("*.png")} == {
        *("cost.png", "accuracy.png", own, "confusion_matrix.png"),
        *("roc.png", "precision_recall.png", "calibration.png", "confidence.png"),
        "risk_coverage.png",
    }


def test_a_reader_that_goes_away_is_no_mistake(tmp_path):
    process = start(tmp_path, "binary", "--epochs", "2", "--train-samples", "100")
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 1
    assert "error" not in error
    assert "Traceback" not in error


def test_paths_with_spaces_are_quoted(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["binary", *SMALL, "--output-dir", "my runs", "--log-dir", "my logs"]) == 0
    output = capsys.readouterr().out
    assert "--logdir 'my logs'" in output
    assert "--resume 'my runs/binary-" in output


def test_the_command_after_early_stopping_gives_more_patience(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments = ["binary", *SMALL, "--epochs", "300", "--patience", "1", "--learning-rate", "40"]
    assert main(arguments) == 0
    output = capsys.readouterr().out
    assert "(patience 1); the weights are those of epoch" in output
    assert re.search(r"--resume \S+ --epochs 310 --patience 2$", output, re.MULTILINE)

"""``--quantize``: runs that train for integers, from the start or from another run."""

import json
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from src.classic_cnn.quantized import IntegerNetwork
from src.classic_nn import Dense, ReLU, Sequential
from src.classic_nn.context import PREDICTION
from src.classic_train.__main__ import main
from src.classic_train.run.integers import EXAMPLES, prepared_for_integers
from src.inference import load_model
from src.inference.quantize import is_aware
from tests.programs import run_main

run = partial(run_main, main)
pytestmark = pytest.mark.usefixtures("without_drawing")


def only(folder, pattern):
    (found,) = folder.glob(pattern)
    return found


@pytest.mark.parametrize("recipe", ["digits", "multi_label", "binary"])
def test_a_run_leaves_its_integers(recipe, tmp_path):
    arguments = [recipe, "--quantize", 4, "--epochs", 2, "--train-samples", 600]
    status, output, error = run(tmp_path, *arguments[: 5 if recipe == "digits" else 7])
    assert status == 0, error
    assert "weights of 4 bits, activations of 8: " in output
    directory = only(tmp_path / "assets/runs", f"{recipe}-*")
    trained = load_model(directory / "model.safetensors")
    small = load_model(directory / "model-static4.safetensors")
    assert is_aware(trained.model.network)
    assert isinstance(small.model.network, IntegerNetwork)
    values = json.loads((directory / "integers.json").read_text())
    assert values["bits"] == 4
    assert values["same_answers"] >= 0.99
    assert values["bytes"] == (directory / "model-static4.safetensors").stat().st_size
    assert "## Integers" in (directory / "report.md").read_text()
    assert json.loads((directory / "config.json").read_text())["quantize"] == 4
    x = np.random.default_rng(0).random((5, *trained.input_shape)).astype(np.float32)
    assert np.isfinite(small.model.network.forward(x, PREDICTION)[0]).all()


def test_ranges_begin_with_validation_samples(rng):
    network = Sequential([Dense(5), ReLU(), Dense(2)])
    network.build((4,), rng)
    x = rng.normal(size=(EXAMPLES, 4)).astype(np.float32)
    data = SimpleNamespace(validation_examples=lambda count: x[:count])
    aware = prepared_for_integers(network, SimpleNamespace(quantize=8), data)
    low, high = aware["fakequantization1"].buffers["range"]
    assert x.min() <= low < 0 < high <= x.max()
    assert high - low > 2
    y, z = (n.forward(x, PREDICTION)[0] for n in (network, aware))
    assert len(np.unique(aware["fakequantization1"].forward(x, PREDICTION)[0])) <= 256
    assert 0 < np.abs(y - z).mean() < 0.1 * np.abs(y).mean()


def test_resume_and_finetune(tmp_path):
    status, _, error = run(tmp_path, "digits", "--epochs", 2)
    assert status == 0, error
    first = only(tmp_path / "assets/runs", "digits-*")
    status, output, error = run(
        tmp_path, "digits", "--finetune", first, "--quantize", 8, "--epochs", 2
    )
    assert status == 0, error
    assert "Before and after" in output
    assert "right" in output
    second = next(p for p in (tmp_path / "assets/runs").iterdir() if p != first)
    before, after = (load_model(p / "model.safetensors") for p in (first, second))
    assert json.loads((second / "integers.json").read_text())["test"]["accuracy"] > 0.3
    w = [m.model.network.parameters["W1"] for m in (before, after)]
    assert 0 < np.abs(w[0] - w[1]).max() < 0.2  # it began there
    status, output, error = run(tmp_path, "digits", "--resume", second, "--epochs", 3)
    assert status == 0, error
    assert "resuming" in output


@pytest.mark.parametrize(
    ("bits", "line"),
    [("1", "from 2 to 8 bits, got 1"), ("9", "got 9"), ("x", "expected a whole number")],
)
def test_bits_that_cannot_be(bits, line, tmp_path):
    status, _, error = run(tmp_path, "digits", "--quantize", bits)
    assert status == 2
    assert line in error
    assert error.count("\n") == 1

"""``python -m src.torch_train``: runs that everything else reads, comparisons, mistakes."""

import json

import numpy as np
import pytest

from src.classic_train.__main__ import main as classic_train
from src.history.__main__ import main as history
from src.inference import load_model
from src.torch_train.__main__ import main
from tests.programs import run_main

needs_torch = pytest.importorskip("torch", reason="needs the extra 'torch'")

SMALL = ["--train-samples", "300", "--epochs", "2", "--hidden", "16"]


def only(folder):
    (found,) = folder.iterdir()
    return found


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("torch")
    status, output, error = run_main(main, folder, "multi_label", *SMALL)
    assert status == 0, error
    return folder, output


@pytest.mark.usefixtures("without_drawing")
def test_a_run_is_as_any_other(run):
    folder, output = run
    made = only(folder / "assets" / "runs")
    config = json.loads((made / "config.json").read_text())
    assert config["backend"].startswith("PyTorch 2")
    assert "(cpu)" in config["backend"]
    assert f"by {config['backend']}" in (made / "report.md").read_text()
    assert "-m src.torch_train multi_label --resume" in output
    model = load_model(made / "model.safetensors")
    assert len(model.classes) == 10
    status, shown, error = run_main(history, folder, "show", folder / "logs")
    assert status == 0, error
    assert "validation_cost" in shown


@pytest.mark.usefixtures("without_drawing")
def test_a_run_goes_on_with_numpy(run):
    folder, _ = run
    made = only(folder / "assets" / "runs")
    options = ["--resume", made, "--epochs", "3", "--quiet"]
    status, _, error = run_main(classic_train, folder, "multi_label", *options)
    assert status == 0, error
    assert len(json.loads((made / "metrics.json").read_text())["history"]) == 3


@pytest.mark.usefixtures("without_drawing")
def test_a_comparison_draws_both_and_tells_the_difference(tmp_path):
    status, output, error = run_main(
        main, tmp_path, "compare", "multi_label", *SMALL, "--dtype", "float64"
    )
    assert status == 0, error
    found = json.loads((tmp_path / "assets" / "comparisons" / "multi_label.json").read_text())
    (one, other) = (np.array(side["batch_costs"]) for side in found.values())
    np.testing.assert_allclose(other, one, rtol=1e-10)
    assert "largest difference of a mini-batch's cost" in output
    assert (tmp_path / "assets" / "comparisons" / "multi_label.png").exists()
    assert not (tmp_path / "assets" / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["multi_lable"], "did you mean 'multi_label'"),
        (["multi_label", "--device", "gpu7"], "--device: gpu7 cannot be used here"),
        (["multi_label", "--workers", "2"], "--workers: PyTorch shares the work"),
        (["multi_label", "--mpi", "2"], "--mpi: one process trains here"),
        (["multi_label", "--epoch", "2"], "unrecognized arguments: --epoch 2"),
        (["compare", "multi_label", "--resume", "x"], "--resume: two runs are compared"),
        (["dishes", "--quantize", "8"], "--quantize: integers are trained by src.classic_train"),
    ],
)
def test_mistakes_get_one_line(tmp_path, arguments, said):
    status, _, error = run_main(main, tmp_path, *arguments)
    assert (status, error.count("\n")) == (2, 1)
    assert said in error
    assert not (tmp_path / "assets").exists()


def test_without_pytorch_it_names_the_extra(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    status, _, error = run_main(main, tmp_path, "multi_label", *SMALL)
    assert (status, error.count("\n")) == (2, 1)
    assert "pip install -e '.[torch]'" in error

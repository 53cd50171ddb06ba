"""One process writes, the others only train; runs go on with other numbers of workers."""

import csv
import json

import numpy as np
import pytest

from src.classic_train.__main__ import main
from src.classic_train.callbacks import read_checkpoint
from src.history import TrainingHistoryReader
from tests.classic_train.parallel.mpi import mpiexec, needs_mpi
from tests.classic_train.photo_sets import dishes

pytestmark = needs_mpi

RECIPE = [
    *("batch_norm", "--data", "blobs", "--train-samples", "300", "--batch-size", "32"),
    *("--dtype", "float64", "--quiet"),
]


def only_run(directory):
    (run,) = (directory / "assets" / "runs").iterdir()
    return run


def files(run):
    return {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}


def curve(run):
    with (run / "epochs.csv").open(newline="") as file:
        return [
            [float(value) for name, value in row.items() if "cost" in name]
            for row in csv.DictReader(file)
        ]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A run of one process and one worker."""
    directory = tmp_path_factory.mktemp("alone")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(directory)
        assert main([*RECIPE, "--epochs", "4"]) == 0
    return directory


def test_two_processes_leave_the_files_and_figures_of_one(alone, tmp_path):
    done = mpiexec(
        2, "-m", "src.classic_train", *RECIPE, "--epochs", "4", "--distributed", cwd=tmp_path
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    run, expected = only_run(tmp_path), only_run(alone)
    assert files(run) == files(expected)
    assert np.allclose(curve(run), curve(expected), rtol=1e-9)
    found, wanted = (json.loads((r / "metrics.json").read_text()) for r in (run, expected))
    assert found["test"] == pytest.approx(wanted["test"], rel=1e-9)
    assert json.loads((run / "config.json").read_text())["processes"] == 2
    histories = [
        TrainingHistoryReader(directory / "logs").get_history() for directory in (tmp_path, alone)
    ]
    values = [history.set_index(["step", "tag"])["value"] for history in histories]
    assert values[0].index.equals(values[1].index)  # every record once
    assert np.allclose(*(v[~v.index.get_level_values(1).str.contains("time")] for v in values))


def test_a_run_goes_on_with_any_number_of_workers(alone, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([*RECIPE, "--epochs", "1"]) == 0
    run = only_run(tmp_path)
    for epochs, more in (("2", ["--mpi", "2"]), ("3", ["--workers", "2"]), ("4", ["--mpi", "3"])):
        arguments = ["batch_norm", "--resume", str(run), "--epochs", epochs, "--quiet"]
        assert main([*arguments, *more]) == 0
    assert read_checkpoint(run)[1]["epoch"] == 4
    assert np.allclose(curve(run), curve(only_run(alone)), rtol=1e-9)


def test_photos_are_shared_and_every_epoch_is_kept_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dishes(tmp_path / "photos")
    small = ["--data", "photos", "--epochs", "2", "--batch-size", "8", "--image-size", "32"]
    settings = ["dishes", *small, "--dtype", "float64", "--quiet", "--accumulate", "2"]
    for name, more in (("one", []), ("two", ["--mpi", "2"])):
        assert main([*settings, *more, "--output-dir", name, "--log-dir", f"logs-{name}"]) == 0
    (one,), (two,) = (list((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert files(one) == files(two)
    assert np.allclose(curve(one), curve(two), rtol=1e-9)


def test_folds_are_trained_by_all_processes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dishes(tmp_path / "photos")
    small = ["--data", "photos", "--epochs", "1", "--batch-size", "8", "--image-size", "32"]
    assert main(["dishes", *small, "--folds", "2", "--quiet", "--mpi", "2"]) == 0
    run = only_run(tmp_path)
    assert {"folds.csv", "report.md", "fold-1/model.safetensors"} <= files(run)


def test_other_data_on_another_machine_are_refused(tmp_path):
    rng = np.random.default_rng(0)
    for rank in range(2):
        folder = tmp_path / f"host-{rank}"
        folder.mkdir()
        y = rng.integers(0, 2, (60, 1))
        np.savez(folder / "data.npz", X=rng.normal(size=(60, 4)), Y=y)
    program = (
        "import os, sys; from src.classic_train.__main__ import main; "
        "os.chdir('host-' + os.environ['PMI_RANK']); "
        "sys.exit(main('binary --data data.npz --distributed --epochs 2 --batch-size 8 "
        "--output-dir ../runs --log-dir ../logs'.split()))"
    )
    done = mpiexec(2, "-c", program, cwd=tmp_path)
    assert done.returncode == 2
    assert "rank 0: error: the processes were given different data" in done.stderr
    assert len(done.stderr.splitlines()) == 1

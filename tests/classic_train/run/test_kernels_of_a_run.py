"""A run says which kernels computed it, and may go on with others."""

import csv
import json
import os
import subprocess
import sys

import pytest

from tests.paths import ROOT

pytest.importorskip("numba", reason="needs the extra: fast")


def train(folder, kernels, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "src.classic_train", "batch_norm", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "CLASSIC_NN_KERNELS": kernels},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    run = max((folder / "assets/runs").iterdir(), key=lambda path: path.stat().st_mtime)
    return run, done.stdout


def costs(run):
    with open(run / "epochs.csv", encoding="utf-8") as file:
        return [float(row["cost"]) for row in csv.DictReader(file)]


def test_a_run_goes_on_with_other_kernels_to_rounding_and_says_so(tmp_path):
    folders = [tmp_path / name for name in ("whole", "changed")]
    for folder in folders:
        folder.mkdir()
    whole, output = train(folders[0], "numpy", "--epochs", 3)
    assert "kernels" not in output
    changed, _ = train(folders[1], "numpy", "--epochs", 2)
    assert json.loads((changed / "config.json").read_text())["kernels"] == "numpy"
    changed, output = train(folders[1], "numba", "--epochs", 3, "--resume", changed)
    assert "computed with numpy kernels, and the others are with numba: what follows is" in output
    config = json.loads((changed / "config.json").read_text())
    assert config["kernels"] == "numba"
    assert config["versions"]["kernels"].startswith("numba ")
    assert "| kernels" in (changed / "report.md").read_text()
    one, other = costs(whole), costs(changed)
    assert len(one) == len(other) == 3
    assert one[:2] == other[:2]
    assert one[2] == pytest.approx(other[2], rel=1e-4)


@pytest.mark.parametrize("kernels", ["numpy", "numba"])
def test_the_same_seed_gives_the_same_numbers_with_either(kernels, tmp_path):
    found = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        run, output = train(tmp_path / name, kernels, "--epochs", 1, "--workers", 2)
        found.append((run / "epochs.csv").read_bytes())
        assert "compiling" not in output
    first, second = (data.split(b",")[:3] for data in found)
    assert first == second

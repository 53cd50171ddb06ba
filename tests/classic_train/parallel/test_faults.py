"""One process fails: all end soon, one says why, and the last checkpoint can be read."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from src.classic_train.__main__ import main
from src.classic_train.callbacks import read_checkpoint
from tests.classic_train.parallel.mpi import environment, mpiexec, needs_mpi

pytestmark = needs_mpi

FAILING = Path(__file__).with_name("failing.py")
RECIPE = [
    *("batch_norm", "--data", "blobs", "--train-samples", "500", "--batch-size", "32"),
    *("--dtype", "float64"),
]
FOUR_EPOCHS = [*RECIPE, "--epochs", "4", "--distributed"]
SOON = 10
"""Seconds in which all processes end after one has failed."""


def messages(text):
    """Lines of standard error but those of progress and diagnosis."""
    return [line for line in text.splitlines() if not line.startswith(("epoch ", "diagnosis: "))]


def only_run(directory):
    (run,) = (directory / "assets" / "runs").iterdir()
    return run


def processes_of(directory):
    """Numbers of the processes that work in a directory and are Python."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").resolve() == directory:
                found += [int(entry.name)] * (
                    b"src.classic_train" in (entry / "cmdline").read_bytes()
                )
        except OSError:
            pass
    return found


@pytest.mark.parametrize("how", ["kill", "raise"])
@pytest.mark.parametrize("phase", ["batch_norm", "all_reduce", "checkpoint", "validation"])
def test_a_process_that_fails_in_any_phase_ends_all(tmp_path, phase, how):
    rank = 0 if phase == "checkpoint" else 1  # the first process writes
    start = time.monotonic()
    done = mpiexec(2, FAILING, rank, phase, how, *FOUR_EPOCHS, cwd=tmp_path, timeout=60)
    assert done.returncode != 0
    assert time.monotonic() - start < SOON + 20  # two programs have to start, too
    assert processes_of(tmp_path) == []
    arrays, metadata = read_checkpoint(only_run(tmp_path))
    assert metadata["epoch"] == 1
    assert all(np.isfinite(array).all() for array in arrays.values())
    if how == "raise":
        lines = messages(done.stderr)
        assert lines[0] == "Traceback (most recent call last):"
        message = f"rank {rank}: error: RuntimeError: a fault in {phase}; all processes are stopped"
        assert lines[-1].endswith(message)
        assert done.stderr.count("Traceback") == 1
    else:
        assert messages(done.stderr) == []
        assert "EXIT CODE: 9" in done.stdout  # the launcher's message


@pytest.mark.parametrize("rank", [0, 1])
def test_a_thread_of_a_process_that_fails_ends_all(tmp_path, rank):
    threads = ["--workers", "2"]
    done = mpiexec(
        2, FAILING, rank, "all_reduce", "raise", *FOUR_EPOCHS, *threads, cwd=tmp_path, timeout=60
    )
    assert done.returncode == 1
    assert processes_of(tmp_path) == []
    message = f"rank {rank}: error: RuntimeError: a fault in all_reduce; all processes are stopped"
    assert done.stderr.endswith(f"{message}\n")
    assert done.stderr.count("rank ") == 1


def test_a_nan_of_one_process_is_told_by_that_process(tmp_path):
    done = mpiexec(2, FAILING, 1, "forward", "nan", *FOUR_EPOCHS, cwd=tmp_path, timeout=60)
    assert done.returncode == 1
    lines = messages(done.stderr)
    assert len(lines) == 1, lines
    (line,) = lines
    assert re.search(
        r"batch_norm: rank 1: error: training diverged: the cost is nan in epoch 2", line
    )
    assert "first layer whose output is not finite: dense1" in line
    assert f"--resume {only_run(tmp_path).relative_to(tmp_path)}" in line
    assert read_checkpoint(only_run(tmp_path))[1]["epoch"] == 1


def test_ctrl_c_in_one_process_ends_all_with_one_message(tmp_path):
    done = mpiexec(2, FAILING, 1, "batch_norm", "interrupt", *FOUR_EPOCHS, cwd=tmp_path, timeout=60)
    assert done.returncode == 130
    lines = messages(done.stderr)
    assert len(lines) == 1, lines
    (line,) = lines
    assert "rank 1: error: interrupted. The last complete epoch is in its checkpoint: " in line
    assert read_checkpoint(only_run(tmp_path))[1]["epoch"] == 1


def started(directory, *arguments):
    """A training that goes on for ever, once it has a checkpoint."""
    process = subprocess.Popen(
        [sys.executable, "-m", "src.classic_train", *RECIPE, "--epochs", "100000", *arguments],
        cwd=directory,
        env=environment(),
        text=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    for _ in range(600):
        time.sleep(0.1)
        if list(directory.glob("assets/runs/*/last.safetensors")):
            return process
    process.kill()
    raise AssertionError(process.communicate())


def ended(process):
    """What it says and its status, soon."""
    _, errors = process.communicate(timeout=SOON)
    return messages(errors), process.returncode


def test_ctrl_c_ends_all_processes_with_one_message(tmp_path):
    process = started(tmp_path, "--mpi", "2")
    process.send_signal(signal.SIGINT)
    lines, status = ended(process)
    assert len(lines) == 1, lines
    (line,) = lines
    assert status == 130
    assert re.search(
        r"rank \d: error: interrupted. The last complete epoch is in its checkpoint: .*--resume",
        line,
    )
    assert processes_of(tmp_path) == []
    assert read_checkpoint(only_run(tmp_path))[1]["epoch"] >= 1


def test_a_process_killed_from_outside_ends_all_with_one_message(tmp_path):
    process = started(tmp_path, "--mpi", "2")
    ranks = [number for number in processes_of(tmp_path) if number != process.pid]
    launched = [n for n in ranks if b"--distributed" in Path(f"/proc/{n}/cmdline").read_bytes()]
    python = [n for n in launched if "python" in os.readlink(f"/proc/{n}/exe")]
    os.kill(python[-1], signal.SIGKILL)
    lines, status = ended(process)
    assert len(lines) == 1, lines
    (line,) = lines
    assert status == 128 + signal.SIGKILL
    assert "a process was ended from outside by SIGKILL, and so were the others" in line
    assert processes_of(tmp_path) == []
    assert read_checkpoint(only_run(tmp_path))[1]["epoch"] >= 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "nothing"], "--data: unknown data 'nothing'"),
        (["--resume", "nowhere"], "nowhere: no such file"),
    ],
)
def test_a_mistake_that_all_processes_make_is_told_once(
    tmp_path, monkeypatch, capfd, arguments, message
):
    monkeypatch.chdir(tmp_path)
    assert main([*RECIPE[:1], *arguments, "--mpi", "3"]) == 2
    (line,) = messages(capfd.readouterr().err)
    assert f"batch_norm: rank 0: error: {message}" in line


def test_processes_that_were_not_told_to_train_together_refuse(tmp_path):
    done = mpiexec(2, "-m", "src.classic_train", *RECIPE, cwd=tmp_path)
    assert done.returncode == 2
    assert (
        "2 processes were started together, and each would train by itself; add --distributed"
        in (done.stderr)
    )


def test_without_a_launcher_the_extra_is_named(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main([*RECIPE, "--mpi", "2"]) == 2
    error = capfd.readouterr().err
    assert error.count("\n") == 1
    assert "--mpi: there is no mpiexec here; pip install 'classic-nn[distributed]'" in error

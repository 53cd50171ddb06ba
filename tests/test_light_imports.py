"""What is not needed is not imported, and Ctrl-C during imports is one line."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.paths import ROOT

HEAVY = {"pandas", "sklearn", "scipy", "tensorboard", "matplotlib", "PIL", "torch", "mpi4py"}
"""Packages that take a tenth of a second or more to import."""


def python(*arguments, **settings):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, **settings
    )


def loaded_by(statement):
    """Heavy packages, and how many modules of ours, that a statement loads."""
    count = "sum(name.startswith('src.') for name in sys.modules)"
    shown = python("-c", f"import sys\n{statement}\nprint({count}, *sys.modules)")
    assert shown.returncode == 0, shown.stderr
    ours, *modules = shown.stdout.split()
    return {name.partition(".")[0] for name in modules} & HEAVY, int(ours)


@pytest.mark.parametrize(
    ("statement", "allowed", "most"),
    [
        ("import src.classic_nn", set(), 62),
        ("import src.classic_cnn", set(), 83),
        ("from src.classic_train import MiniBatchTrainer", set(), 91),
        ("from src.inference import load_model", {"PIL"}, 117),
        ("import src.load", {"PIL"}, 30),
        ("from src.history import TrainingHistoryReader", {"tensorboard", "PIL"}, 30),
    ],
)
def test_imports_are_light(statement, allowed, most):
    heavy, ours = loaded_by(statement)
    assert heavy <= allowed
    assert ours <= most


def run_in_main(module, *arguments):
    """A command in its own process; what it loaded, read from -X importtime."""
    done = python("-X", "importtime", "-m", module, *arguments)
    modules = set(re.findall(r"\|\s+(\w+)", done.stderr))
    return done, modules & HEAVY


@pytest.mark.parametrize(
    ("module", "arguments", "allowed"),
    [
        ("src.classic_train", ["list"], {"PIL"}),
        ("src.classic_train", ["--help"], {"PIL"}),
        ("src.classic_train", ["multi_label", "--help"], {"PIL"}),
        ("src.inference", ["--help"], {"PIL"}),
        ("src.load", ["--help"], {"PIL"}),
        ("src.history", ["--help"], {"tensorboard", "PIL"}),
    ],
)
def test_a_command_that_only_answers_loads_nothing_heavy(module, arguments, allowed):
    done, heavy = run_in_main(module, *arguments)
    assert done.returncode == 0
    assert heavy <= allowed


SLOW_IMPORT = """
import sys, time
class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "{name}":
            print("importing", flush=True)
            time.sleep(30)
sys.meta_path.insert(0, Slow())
"""


@pytest.mark.parametrize(
    ("module", "slow"),
    [
        ("src.classic_train", "numpy"),
        ("src.classic_train", "src.classic_train.recipes.registry"),
        ("src.history", "src.history.reader"),
        ("src.inference", "PIL"),
        ("src.load", "numpy"),
    ],
)
def test_ctrl_c_during_imports_is_one_line(module, slow, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(SLOW_IMPORT.format(name=slow))
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--help"],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "importing\n"
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 130
    assert error == "interrupted\n"


def test_importing_the_library_leaves_ctrl_c_alone():
    done = python("-c", "import signal, src.classic_nn; print(signal.getsignal(signal.SIGINT))")
    assert "default_int_handler" in done.stdout

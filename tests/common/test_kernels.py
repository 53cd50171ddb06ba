"""Which form of an operation is used, and what is said where it cannot be had."""

import os
import subprocess
import sys

import numpy as np
import pytest

from src.common import kernels
from src.common.kernels import choose, numpy_form, operation
from tests.paths import ROOT

LOOPS = "tests.common.doubling_loops"
needs_numba = pytest.mark.skipif(kernels.KERNELS != "numba", reason="NumPy is in use")


@pytest.mark.parametrize(
    ("wanted", "installed", "used", "problem"),
    [
        ("auto", True, "numba", ""),
        ("auto", False, "numpy", ""),
        ("numpy", True, "numpy", ""),
        ("numba", True, "numba", ""),
        ("numba", False, "numpy", "pip install 'classic-nn[fast]'"),
        ("Numba", True, "numpy", "expected auto, numpy, numba, got 'Numba'"),
        ("", True, "numpy", "got ''"),
    ],
)
def test_the_choice(wanted, installed, used, problem):
    chosen, said = choose(wanted, installed)
    assert chosen == used
    assert problem in said
    assert bool(said) == bool(problem)


@pytest.fixture
def double(monkeypatch):
    """An operation of our own: NumPy doubles, the loops triple."""
    monkeypatch.setattr(kernels, "OPERATIONS", {})

    def doubled(x, factor=1, other=None):
        return 2 * x * factor

    return operation(LOOPS, smallest=3)(doubled)


@needs_numba
def test_loops_take_float32_and_float64_and_numpy_the_rest(double):
    for dtype, factor in ((np.float32, 3), (np.float64, 3), (np.float16, 2), (np.longdouble, 2)):
        x = np.ones(4, dtype)
        assert (double(x) == factor).all()
        assert double(x).dtype == dtype
    assert (double(np.ones(4, int)) == 2).all()


@needs_numba
def test_arrays_of_several_types_stay_with_numpy(double):
    x = np.ones(4, np.float32)
    assert (double(x, np.ones(4, np.float32)) == 3).all()
    assert (double(x, np.ones(4, np.float64)) == 2).all()
    assert (double(x, 1, np.ones(4, np.uint8)) == 3).all()  # an index, not a number


@needs_numba
def test_small_arrays_stay_with_numpy(double):
    assert (double(np.ones(2, np.float32)) == 2).all()
    assert (numpy_form(double)(np.ones(4, np.float32)) == 2).all()


def python(*arguments, path=ROOT, **variables):
    environment = {**os.environ, "PYTHONPATH": str(path), **variables}
    if "CLASSIC_NN_KERNELS" not in variables:
        environment.pop("CLASSIC_NN_KERNELS", None)
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, cwd=ROOT
    )


def test_importing_networks_does_not_import_numba():
    done = python("-c", "import sys, src.classic_cnn; print('numba' in sys.modules)")
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    "module", ["src.classic_train", "src.inference", "src.history", "src.load"]
)
def test_an_unknown_choice_is_one_line_in_every_command(module, tmp_path):
    words = {"src.classic_train": ["digits"], "src.history": ["show", str(tmp_path)]}
    words |= {"src.load": ["inspect", "photos"], "src.inference": ["predict", "model", "photo"]}
    arguments = words[module]
    done = python("-m", module, *arguments, CLASSIC_NN_KERNELS="fast")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "CLASSIC_NN_KERNELS: expected auto, numpy, numba, got 'fast'" in done.stderr


def test_an_unknown_choice_is_a_value_error_in_python():
    script = "import numpy as np; from src.classic_nn.math import silu; silu(np.ones(2))"
    done = python("-c", script, CLASSIC_NN_KERNELS="fast")
    assert "ValueError: CLASSIC_NN_KERNELS: expected" in done.stderr


HIDDEN = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name == "numba":
            raise ModuleNotFoundError("No module named 'numba'")
sys.meta_path.insert(0, Hidden())
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *a: None if name == "numba" else found(name, *a)
"""


def test_without_numba_numpy_does_everything(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(HIDDEN)
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    version = ["-m", "src.classic_train", "--version"]
    assert f"kernels: numpy {np.__version__}" in python(*version, path=path).stdout
    asked = python(*version, path=path, CLASSIC_NN_KERNELS="numba")
    assert asked.returncode == 2
    assert "pip install 'classic-nn[fast]'" in asked.stderr
    compiled = python("-m", "src.classic_train", "compile", path=path)
    assert compiled.returncode == 2
    assert "nothing to compile: Numba is not installed" in compiled.stderr


def test_a_numba_that_cannot_be_imported_is_said_once_and_done_without(tmp_path):
    (tmp_path / "numba").mkdir()
    (tmp_path / "numba" / "__init__.py").write_text(
        "raise ImportError('Numba needs NumPy 1.99 or less')"
    )
    script = (
        "import numpy as np; from src.classic_nn.math import silu\n"
        "z = np.ones(10_000); print(silu(z)[0], silu(z.astype('f'))[0])"
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = python("-c", script, path=path, CLASSIC_NN_KERNELS="auto")
    assert done.returncode == 0
    assert done.stdout.startswith("0.731")
    assert done.stderr.count("Numba needs NumPy 1.99 or less") == 1


@pytest.mark.parametrize(("kernels", "name"), [("numpy", "numpy"), ("numba", "numba")])
def test_the_version_says_which(kernels, name):
    pytest.importorskip(name)
    done = python("-m", "src.classic_train", "--version", CLASSIC_NN_KERNELS=kernels)
    assert done.returncode == 0
    module = sys.modules[name]
    assert done.stdout.endswith(f"kernels: {name} {module.__version__}\n")


@needs_numba
def test_numbers_keywords_and_other_shapes_stay_with_numpy(double, monkeypatch):
    x = np.ones(4, np.float32)
    assert double(0.5) == 1
    assert (double(x=x) == 2).all()
    assert (double(x, factor=x) == 2).all()
    assert (double(x, np.arange(4)) == 2 * np.arange(4)).all()
    assert (double(x, x.astype(float).view(np.memmap)) == 2).all()
    alike = operation(LOOPS, elementwise=True)(numpy_form(double))
    assert (alike(x, np.ones((4, 1), np.float32)) == 2).all()
    assert (alike(x, np.ones(4, np.float32)) == 3).all()
    assert (alike(x, np.ones(4, np.uint8)) == 2).all()


@needs_numba
@pytest.mark.parametrize("error", ["ImportError", "OSError"])
def test_a_report_says_what_has_computed_where_numba_is_broken(error, tmp_path):
    (tmp_path / "numba").mkdir()
    (tmp_path / "numba" / "__init__.py").write_text(f"raise {error}('no shared object file')")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    version = python("-m", "src.classic_train", "--version", path=path)
    assert f"kernels: numpy {np.__version__}" in version.stdout
    compiled = python("-m", "src.classic_train", "compile", path=path)
    assert compiled.returncode == 2
    assert "Traceback" not in compiled.stderr
    assert "nothing to compile: Numba cannot be imported" in compiled.stderr

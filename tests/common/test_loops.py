"""Compiling loops: where they are kept, several processes at once, and what can go wrong."""

import ast
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.paths import ROOT

numba = pytest.importorskip("numba", reason="needs the extra: fast")

from src.common import kernels, loops  # noqa: E402
from src.common.kernels import KERNELS, OPERATIONS  # noqa: E402

compiled_only = pytest.mark.skipif(
    KERNELS != "numba" or bool(numba.config.DISABLE_JIT), reason="nothing is compiled"
)

STEP = """
import numpy as np
from src.classic_nn.optimizers.momentum import momentum_update
theta, g, v = (np.full(10_000, value, np.float32) for value in (1, 2, 3))
momentum_update(theta, g, v, 0.5, 0.1)
from src.classic_nn.optimizers import momentum_loops
print(theta[0], momentum_loops.momentum_loop.stats.cache_hits)
"""


def start(folder, script=STEP, **settings):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CLASSIC_NN_KERNELS": "numba"}
    if folder is not None:
        environment["NUMBA_CACHE_DIR"] = str(folder)
    environment |= settings.pop("variables", {})
    return subprocess.Popen(
        [sys.executable, "-c", script],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **settings,
    )


def finish(process):
    out, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    return out, error


@compiled_only
def test_two_processes_compile_in_turn_and_a_third_finds_everything(tmp_path):
    processes = [start(tmp_path) for _ in range(2)]
    outputs = [finish(process) for process in processes]
    assert [out.split()[0] for out, _ in outputs] == ["0.75", "0.75"]
    # one of them compiled, and the other waited for it
    assert sorted("compiling loops" in error for _, error in outputs) == [False, True]
    out, error = finish(start(tmp_path))
    assert out.startswith("0.75 ")
    assert "1}" in out  # read from where it is kept
    assert error == ""


@compiled_only
def test_what_is_kept_and_cannot_be_read_is_compiled_again(tmp_path):
    finish(start(tmp_path))
    kept = [*tmp_path.rglob("*.nbc"), *tmp_path.rglob("*.nbi")]
    assert kept
    for path in kept:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    out, _ = finish(start(tmp_path))
    assert out.startswith("0.75 ")
    assert finish(start(tmp_path))[1] == ""


@compiled_only
@pytest.mark.skipif(os.geteuid() != 0, reason="needs to start a process as another user")
def test_an_install_that_cannot_be_written_to(tmp_path):
    copy = tmp_path / "install"
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for parent in [*tmp_path.parents[:3], tmp_path]:
        parent.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o777)
    nobody = {"user": 65534, "group": 65534, "cwd": "/"}
    variables = {"PYTHONPATH": str(copy), "HOME": str(home), "XDG_CACHE_HOME": ""}
    try:
        out, error = finish(start(None, variables=variables, **nobody))
    except PermissionError:
        pytest.skip("another user cannot start this Python")
    assert out.startswith("0.75 ")
    assert list(home.rglob("*.nbc"))  # in the user's own cache folder
    assert "compiling" not in finish(start(None, variables=variables, **nobody))[1]
    home.chmod(0o555)
    shutil.rmtree(home / ".cache")
    out, error = finish(start(None, variables=variables, **nobody))
    assert out.startswith("0.75 ")
    assert "compiling" in error


@compiled_only
def test_loops_that_cannot_be_kept_are_used_all_the_same(monkeypatch, capfd):
    @loops.loop
    def add_one(x: loops.Vector) -> None:
        for k in range(len(x)):
            x[k] += 1

    def full(*_):
        raise OSError(28, "No space left on device")

    loops.LOOPS[add_one.__module__].remove(add_one)
    monkeypatch.setattr(add_one._cache, "save_overload", full)
    loops.say_once.cache_clear()
    monkeypatch.setattr(kernels, "_quiet", False)
    loops._compile(add_one, loops.signature(add_one.py_func, np.dtype(np.float32)))
    x = np.zeros(2, np.float32)
    add_one(x)
    assert (x == 1).all()
    assert "could not be kept: [Errno 28] No space left on device" in capfd.readouterr().err


@compiled_only
def test_ctrl_c_while_compiling_ends_in_one_line(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "src.classic_train", "compile"],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "NUMBA_CACHE_DIR": str(tmp_path),
            "CLASSIC_NN_KERNELS": "numba",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stderr.readline().startswith("compiling loops for this machine, once")
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (out, error.splitlines()[-1].partition("error: ")[2]) == ("", "interrupted")
    assert "Traceback" not in error
    assert not list(tmp_path.rglob("*.tmp.*"))
    assert finish(start(tmp_path))[0].startswith("0.75 ")  # what is there can be used


def test_without_jit_the_loops_are_python():
    script = STEP.partition("from src.classic_nn.optimizers import")[0] + "print(theta[0])"
    out, error = finish(start(None, script, variables={"NUMBA_DISABLE_JIT": "1"}))
    assert (out, error) == ("0.75\n", "")


def test_a_parameter_says_what_it_is():
    def nameless(x, y: loops.Vector) -> None: ...

    with pytest.raises(TypeError, match="nameless: x is none of the types"):
        loops.signature(nameless, np.dtype(np.float32))

    def named(x: loops.Matrix, k: loops.Whole, c: loops.Number, w: loops.Bytes4) -> None: ...

    found = [str(one) for one in loops.signature(named, np.dtype(np.float64))]
    assert found == ["array(float64, 2d, C)", "int64", "float64", "array(uint8, 4d, C)"]


@compiled_only
def test_a_type_that_is_not_compiled_for_is_a_mistake(rng):
    from src.classic_nn.math_loops import relu_backward_loop

    OPERATIONS["src.classic_nn.math.relu_backward"].loops(np.float32)
    x = np.ones(3, np.float32)
    with pytest.raises(TypeError, match="No matching definition"):
        relu_backward_loop(x[::2], x[::2], np.float32(0), x[::2])


def test_contiguous_copies_only_what_it_has_to():
    x = np.arange(12.0).reshape(3, 4)
    fixed = x.copy()
    fixed.flags.writeable = False
    same, turned, writeable = loops.contiguous(x, x.T, fixed)
    assert same is x
    assert turned.flags.carray
    assert np.array_equal(turned, x.T)
    assert writeable.flags.writeable
    assert np.array_equal(writeable, fixed)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (0, 3), (7,), (5, 3, 2)])
def test_aligned_memory_begins_with_a_cache_line(shape, dtype):
    array = loops.aligned(shape, np.dtype(dtype))
    assert array.shape == shape
    assert array.dtype == dtype
    assert not array.size or array.ctypes.data % 64 == 0
    array[...] = 1


LOOP_FILES = sorted((ROOT / "src").rglob("*_loops.py"))


@pytest.mark.parametrize("path", LOOP_FILES, ids=[path.stem for path in LOOP_FILES])
def test_loops_call_only_functions_of_their_own_file(path: Path):
    """Numba compiles a file again when it changes, and not when another one does."""
    tree = ast.parse(path.read_text())
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("src.")
        for alias in node.names
    }
    annotations = {"Vector", "Matrix", "Array3", "Array4", "Bytes4", "Number", "Whole", "Array"}
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(d, ast.Name) and d.id in ("loop", "part") for d in node.decorator_list)
    ]
    assert found
    for function in found:
        used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        assert used & imported <= annotations | {"loop", "part"}, function.name

"""``python -m src.exchange`` with real files and processes."""

import os
import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest

from src.classic_nn import Dense, ReLU, Sequential
from src.classic_nn.serialization import SavedModel, load_model, save_model
from src.exchange.__main__ import main
from src.inference.quantize import Scheme, quantize_model
from tests.inference.models import write
from tests.paths import ROOT
from tests.programs import run_main

onnx = pytest.importorskip("onnx", reason="needs the extra: onnx")
pytest.importorskip("onnxruntime", reason="needs the extra: onnx")

run = partial(run_main, main)


@pytest.fixture
def here(tmp_path):
    write(tmp_path / "m.safetensors")
    return tmp_path


def test_from_a_model_to_onnxruntime(here):
    status, output, error = run(here, "export", "m.safetensors", "out/m.onnx")
    assert (status, error) == (0, "")
    first, second, third = output.splitlines()
    assert first.startswith("out/m.onnx: ")
    assert "the same answer to 1.0000" in second
    assert "in onnxruntime" in third
    assert sorted(path.name for path in (here / "out").iterdir()) == ["m.onnx"]
    model = onnx.load(here / "out/m.onnx")
    assert model.opset_import[0].version == 17


def test_options_change_the_file(here):
    run(here, "export", "m.safetensors", "a.onnx", "--opset", 14, "--layout", "nhwc", "--softmax")
    model = onnx.load(here / "a.onnx")
    assert model.opset_import[0].version == 14
    shape = [axis.dim_value for axis in model.graph.input[0].type.tensor_type.shape.dim]
    assert shape == [0, 16, 16, 3]
    assert model.graph.output[0].name == "probabilities"


def test_forms_of_integers(here, rng):
    x = rng.normal(size=(16, 16, 16, 3)).astype(np.float32)
    small = quantize_model(load_model(here / "m.safetensors"), Scheme("static"), [x])
    save_model(here / "small.safetensors", small)
    kinds = []
    for more in ([], ["--quantized", "qdq"], ["--quantized", "qoperator"]):
        status, output, _ = run(here, "export", "small.safetensors", "s.onnx", *more)
        assert status == 0
        assert "ms in onnxruntime" in output
        kinds.append({node.op_type for node in onnx.load(here / "s.onnx").graph.node})
    assert kinds[0] == kinds[1]
    assert "Conv" in kinds[0]
    assert "QLinearConv" in kinds[2]
    assert "Conv" not in kinds[2]


MISTAKES = [
    (["export", "none.safetensors", "m.onnx"], "none.safetensors: no such file"),
    (["export", "m.safetensors", "m.txt"], "m.txt: expected a name that ends in .onnx"),
    (["export", "m.safetensors", "m.onnx", "--opset", 12], "--opset: expected 13 to 21, got 12"),
    (["export", "m.safetensors", "m.onnx", "--opset", "x"], "invalid int value: 'x'"),
    (["export", "m.safetensors", "m.onnx", "--layout", "hwc"], "invalid choice: 'hwc'"),
    (
        ["export", "m.safetensors", "m.onnx", "--quantized", "qdq"],
        "--quantized: m.safetensors is not quantized: make a small one with "
        "python -m src.inference quantize",
    ),
    (["export", "broken.safetensors", "m.onnx"], "broken.safetensors: "),
    (["export", "wide.safetensors", "m.onnx"], "wide.safetensors: expected a network of float32"),
    (["export", "m.safetensors", "m.safetensors/m.onnx"], "m.safetensors: File exists"),
    ([], "the following arguments are required: COMMAND"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_a_mistake_is_one_line(here, arguments, message):
    (here / "broken.safetensors").write_bytes((here / "m.safetensors").read_bytes()[:900])
    wide = Sequential([Dense(3), ReLU()])
    wide.build((4,), np.random.default_rng(0), np.float64)
    save_model(here / "wide.safetensors", SavedModel(wide, "multi_class", ["a", "b", "c"]))
    before = sorted(path.name for path in here.iterdir())
    status, output, error = run(here, *arguments)
    assert (status, output) == (2, "")
    assert len(error.splitlines()) == 1
    assert message in error
    assert sorted(path.name for path in here.iterdir()) == before


def test_without_its_packages_the_extra_is_named(here):
    code = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        "from src.exchange.__main__ import main\n"
        "sys.exit(main(['export', 'm.safetensors', 'm.onnx']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "pip install 'classic-nn[onnx]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_interrupted_nothing_is_half_written(here):
    command = [sys.executable, "-m", "src.exchange", "export", "m.safetensors", "out/m.onnx"]
    process = subprocess.Popen(
        command, cwd=here, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE
    )
    end = time.monotonic() + 60
    while not (here / "out").exists() and time.monotonic() < end:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in error
    assert [path.name for path in (here / "out").iterdir()] in ([], ["m.onnx"])

"""``python -m src.exchange`` with real files and processes."""

import json
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
from src.exchange.export import export_model
from src.inference.__main__ import main as predicting
from src.inference.classifier import Classifier
from src.inference.quantize import Scheme, quantize_model
from tests.inference.models import preprocessing, saved, write
from tests.load.photos import folder_of
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


def test_and_back(here):
    run(here, "export", "m.safetensors", "m.onnx")
    status, output, error = run(here, "import", "m.onnx", "--output", "new/back.safetensors")
    assert (status, error) == (0, "")
    first, second, _ = output.splitlines()
    assert first == (
        "new/back.safetensors: 4 layers, 189 parameters, samples (16, 16, 3), multi_class, "
        "3 class names"
    )
    assert "the same answer to 1.0000" in second
    ours, theirs = (load_model(here / name) for name in ("m.safetensors", "new/back.safetensors"))
    assert np.array_equal(ours.network.parameters.vector, theirs.network.parameters.vector)
    folder_of(here / "photos", {"cat": 2})
    answers = [
        run_main(predicting, here, "predict", name, "photos", "--json")[1]
        for name in ("m.safetensors", "new/back.safetensors")
    ]
    assert answers[0] == answers[1]


def test_somebody_elses_file(here):
    export_model(Classifier(saved()), here / "m.onnx")
    model = onnx.load(here / "m.onnx")
    del model.metadata_props[:]
    onnx.save_model(model, here / "m.onnx")
    status, output, error = run(here, "import", "m.onnx", "--output", "new.safetensors")
    assert status == 0
    assert "no class names" in output
    assert "say it with --preprocessing" in error
    (here / "names.txt").write_text("cat\ndog\nüowl\n")
    steps = json.dumps(preprocessing()["transform"])
    (here / "steps.json").write_text(steps)
    options = [
        "--output",
        "new.safetensors",
        "--classes",
        "names.txt",
        "--task",
        "multi_label",
        "--preprocessing",
    ]
    for said in ("torch", "tf", "caffe", "unit", "efficientnet_lite", "steps.json"):
        status, _, error = run(here, "import", "m.onnx", *options, said)
        assert (status, error) == (0, "")
    found = load_model(here / "new.safetensors")
    assert list(found.class_names) == ["cat", "dog", "üowl"]
    assert found.task == "multi_label"
    assert found.preprocessing["transform"] == json.loads(steps)


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
    (["import", "none.onnx"], "none.onnx: No such file or directory"),
    (["import", "empty.txt"], "empty.txt: not an ONNX file, or not whole"),
    (["import", "m.onnx"], "m.safetensors is there already: say where to with --output MODEL"),
    (["import", "n.onnx", "--task", "binary"], "--task binary: expected one output, got 3"),
    (["import", "n.onnx", "--output", "m.txt"], "--output: expected a name ending in .safetensors"),
    (["import", "n.onnx", "--classes", "none.txt"], "none.txt: No such file or directory"),
    (["import", "n.onnx", "--classes", "n.onnx"], "--classes: n.onnx is no text in UTF-8"),
    (["import", "n.onnx", "--classes", "empty.txt"], "expected a name in each line of empty.txt"),
    (["import", "n.onnx", "--classes", "two.txt"], "n.onnx: 2 class names do not fit 3 outputs"),
    (["import", "n.onnx", "--preprocessing", "none"], "--preprocessing: expected torch, tf, caffe"),
    (["import", "n.onnx", "--preprocessing", "two.txt"], "--preprocessing: two.txt has no steps"),
    (["import", "n.onnx", "--image-size", 0], "argument --image-size: must be 1 or more, got 0"),
    ([], "the following arguments are required: COMMAND"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_a_mistake_is_one_line(here, arguments, message):
    (here / "broken.safetensors").write_bytes((here / "m.safetensors").read_bytes()[:900])
    wide = Sequential([Dense(3), ReLU()])
    wide.build((4,), np.random.default_rng(0), np.float64)
    save_model(here / "wide.safetensors", SavedModel(wide, "multi_class", ["a", "b", "c"]))
    export_model(Classifier(saved()), here / "n.onnx")
    (here / "empty.txt").write_text("a\n\nb\n")
    (here / "two.txt").write_text("a\nb\n")
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

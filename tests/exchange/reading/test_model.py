"""Files of other people, and ours, as models."""

import json

import numpy as np
import pytest

from src.classic_nn import Dense, ScaleShift, Sequential, Softmax
from src.classic_nn.context import PREDICTION
from src.classic_nn.serialization import SavedModel
from src.exchange.export import export_model
from src.exchange.reading import import_model, model
from src.inference.classifier import Classifier
from src.inference.explain import explain
from src.inference.quantize import Scheme, quantize_model
from src.load.errors import UnreadableDataError
from tests.exchange.reading.files import FLOAT, file_of, save
from tests.inference.models import preprocessing, saved

onnx = pytest.importorskip("onnx", reason="needs the extra: onnx")
pytest.importorskip("onnxruntime", reason="needs the extra: onnx")
helper = onnx.helper


@pytest.mark.parametrize("softmax", [False, True])
@pytest.mark.parametrize("task", ["multi_class", "multi_label", "binary"])
def test_what_was_exported_comes_back_whole(task, softmax, tmp_path):
    names = ("no", "yes") if task == "binary" else ("cat", "dog", "owl")
    more = {"threshold": 0.3, "temperature": 2.0, "reject_below": 0.6, "metrics": {"f1": 0.5}}
    given = saved(task, names, **more)
    export_model(Classifier(given), tmp_path / "m.onnx", softmax=softmax)
    found, agreement = import_model(tmp_path / "m.onnx")
    assert agreement.difference < 1e-5
    for name in ("task", "threshold", "temperature", "reject_below", "metrics"):
        assert getattr(found, name) == getattr(given, name)
    assert list(found.class_names) == list(names)
    assert found.preprocessing == json.loads(json.dumps(given.preprocessing))
    assert np.array_equal(found.network.parameters.vector, given.network.parameters.vector)
    assert found.data["description"] == "weights of m.onnx"


def features(end=(), outputs=3):
    """A file that nobody of us wrote: features to some outputs."""
    nodes = [helper.make_node("MatMul", ["x", "w"], ["a"])]
    names = ["a", *(f"e{k}" for k in range(len(end)))]
    nodes += [helper.make_node(kind, [names[k]], [names[k + 1]]) for k, kind in enumerate(end)]
    nodes.append(helper.make_node("Identity", [names[-1]], ["y"]))
    w = np.random.default_rng(0).normal(size=(5, outputs)).astype(np.float32)
    inputs = [helper.make_tensor_value_info("x", FLOAT, ["n", 5])]
    return file_of(nodes, {"w": w}, inputs=inputs)


@pytest.mark.parametrize(
    ("end", "outputs", "task"),
    [
        ((), 3, "multi_class"),
        (("Softmax",), 3, "multi_class"),
        (("Sigmoid",), 3, "multi_label"),
        (("Sigmoid",), 1, "binary"),
        ((), 1, "binary"),
    ],
)
def test_the_end_tells_the_task(end, outputs, task, tmp_path):
    found, _ = import_model(save(features(end, outputs), tmp_path / "m.onnx"))
    assert found.task == task
    assert len(found.network.layers) == 1
    x = np.eye(5, dtype=np.float32)
    w = found.network.parameters["W1"]
    assert np.array_equal(found.network.forward(x, PREDICTION)[0], w)
    other, _ = import_model(tmp_path / "m.onnx", task="multi_label")
    assert other.task == "multi_label"


def test_names_and_preprocessing_are_taken(tmp_path):
    path = save(features(), tmp_path / "m.onnx")
    steps = {"input": "numbers", "transform": preprocessing()["transform"]}
    found, _ = import_model(path, ["a", "b", "c"])
    assert found.class_names == ["a", "b", "c"]
    with pytest.raises(UnreadableDataError, match=r"m\.onnx: 2 class names do not fit 3 outputs"):
        import_model(path, ["a", "b"])
    with pytest.raises(UnreadableDataError, match="expected an input of shape"):
        import_model(path, preprocessing=lambda pixels: steps)  # of photos, for features


def test_metadata_of_others_are_not_ours(tmp_path):
    made = features()
    helper.set_model_props(made, {"task": "detect", "threshold": "{", "names": "{0: 'a'}"})
    found, _ = import_model(save(made, tmp_path / "m.onnx"))
    assert (found.task, found.threshold, list(found.class_names)) == ("multi_class", 0.5, [])


def test_what_onnxruntime_computes_otherwise_is_refused(tmp_path, monkeypatch):
    path = save(features(("Relu", "Tanh")), tmp_path / "m.onnx")
    right = model.read_network

    def wrong(*arguments):
        found = right(*arguments)
        found.network.parameters.vector[0] += 0.1
        return found

    monkeypatch.setattr(model, "read_network", wrong)
    with pytest.raises(UnreadableDataError, match=r"m\.onnx: onnxruntime's outputs differ"):
        import_model(path)


def test_half_precision_and_a_fixed_number_of_samples(tmp_path):
    made = features()
    made.graph.input[0].type.tensor_type.elem_type = 10
    made.graph.output[0].type.tensor_type.elem_type = 10
    made.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 2
    w = onnx.numpy_helper.to_array(made.graph.initializer[0]).astype(np.float16)
    made.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(w, "w"))
    found, agreement = import_model(save(made, tmp_path / "m.onnx"))
    assert 0 < agreement.difference < 1e-2
    assert found.network.parameters.vector.dtype == np.float32


def test_the_model_is_explained_and_made_small(tmp_path, rng):
    export_model(Classifier(saved()), tmp_path / "m.onnx")
    found, _ = import_model(tmp_path / "m.onnx")
    classifier = Classifier(found)
    x = rng.normal(size=(16, 16, 3)).astype(np.float32)
    (explanation,) = explain(classifier, x, "grad_cam")
    assert explanation.values.shape == (16, 16, 3) or explanation.values.ndim == 2
    small = quantize_model(found, Scheme("static"), [x[np.newaxis]])
    assert small.network.forward(x[np.newaxis], PREDICTION)[0].shape == (1, 3)


def test_a_temperature_behind_a_scale_is_told_from_it(tmp_path, rng):
    network = Sequential([Dense(3), ScaleShift()])
    network.build((5,), rng)
    network.layers[1].parameters["gamma"][...] = [1, 3, 0.5]
    given = SavedModel(network, "multi_class", list("abc"), temperature=2.0)
    export_model(Classifier(given), tmp_path / "m.onnx", softmax=True)
    found, _ = import_model(tmp_path / "m.onnx")
    x = rng.normal(size=(4, 5)).astype(np.float32)
    answers = [[p.probabilities for p in Classifier(m).predict(x)] for m in (given, found)]
    assert all(one == pytest.approx(other, abs=1e-5) for one, other in zip(*answers, strict=True))
    assert found.temperature == 2


def test_a_softmax_of_our_own_network_stays(tmp_path, rng):
    network = Sequential([Dense(3), Softmax()])
    network.build((5,), rng)
    export_model(Classifier(SavedModel(network, "multi_class", list("abc"))), tmp_path / "m.onnx")
    found, _ = import_model(tmp_path / "m.onnx")
    assert [type(layer).__name__ for layer in found.network.layers] == ["Dense", "Softmax"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("task", [1]), ("task", "detect"), ("class_names", 5), ("class_names", [1])),
        *(("preprocessing", 5), ("preprocessing", {"transform": 5}), ("metrics", 5)),
        *(("threshold", None), ("threshold", float("nan")), ("temperature", 0), ("data", 5)),
        *(("reject_below", -1), ("temperature", "x"), ("data", {"reading": 5})),
    ],
)
def test_metadata_that_cannot_be_are_refused(name, value, tmp_path):
    export_model(Classifier(saved()), tmp_path / "m.onnx")
    made = onnx.load(tmp_path / "m.onnx")
    for entry in made.metadata_props:
        if entry.key == name:
            entry.value = json.dumps(value)
    with pytest.raises(UnreadableDataError, match=rf"m\.onnx: its metadata: {name} cannot be"):
        import_model(save(made, tmp_path / "m.onnx"))


def test_a_temperature_that_the_file_does_not_apply_is_none(tmp_path):
    export_model(Classifier(saved()), tmp_path / "m.onnx", softmax=True)
    made = onnx.load(tmp_path / "m.onnx")
    for entry in made.metadata_props:
        if entry.key == "temperature":
            entry.value = "2.0"
    found, _ = import_model(save(made, tmp_path / "m.onnx"))
    assert found.temperature == 1

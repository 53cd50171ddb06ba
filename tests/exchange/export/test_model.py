"""A model as a file: what it keeps, what is tried, and what happens where it is wrong."""

import json

import numpy as np
import pytest

from src.classic_nn.context import PREDICTION
from src.classic_nn.math import sigmoid, softmax
from src.exchange import agreement
from src.exchange.export import export_model, layers, model
from src.inference.classifier import Classifier
from tests.exchange.judges import by_onnxruntime, first
from tests.inference.models import saved

onnx = pytest.importorskip("onnx", reason="needs the extra: onnx")


def texts_of(path):
    return {entry.key: json.loads(entry.value) for entry in onnx.load(path).metadata_props}


def test_what_the_model_is_stands_in_the_file(tmp_path):
    data = {"weights": {"licence": "MIT", "source": "somebody"}, "samples": {"train": 9}}
    settings = {"threshold": 0.3, "temperature": 2.0, "reject_below": 0.6, "data": data}
    model = saved("multi_label", ("cat", "dog", "owl"), metrics={"f1": np.float32(0.5)}, **settings)
    found = export_model(Classifier(model), tmp_path / "m.onnx")
    assert found.difference < 1e-5
    assert found.same == 1
    assert min(found.seconds) > 0
    texts = texts_of(tmp_path / "m.onnx")
    assert texts == {
        **settings,
        "task": "multi_label",
        "class_names": ["cat", "dog", "owl"],
        "preprocessing": json.loads(json.dumps(model.preprocessing)),
        "metrics": {"f1": 0.5},
        "layout": "nchw",
        "licence": "MIT",
    }


@pytest.mark.parametrize("task", ["multi_class", "multi_label", "binary"])
@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_probabilities_are_those_of_predict(task, temperature, tmp_path, rng):
    names = ("no", "yes") if task == "binary" else ("cat", "dog", "owl")
    classifier = Classifier(saved(task, names, temperature=temperature))
    export_model(classifier, tmp_path / "m.onnx", softmax=True)
    made = onnx.load(tmp_path / "m.onnx")
    assert [one.name for one in made.graph.output] == ["probabilities"]
    x = rng.normal(size=(4, 16, 16, 3)).astype(np.float32)
    logits = classifier.model.network.forward(x, PREDICTION)[0] / np.float32(temperature)
    expected = (softmax if task == "multi_class" else sigmoid)(logits)
    assert np.allclose(by_onnxruntime(made, first(x)), expected, atol=1e-6)
    export_model(classifier, tmp_path / "l.onnx", softmax=False)
    assert [one.name for one in onnx.load(tmp_path / "l.onnx").graph.output] == ["logits"]


def test_weights_beside_a_file_that_could_not_hold_them(tmp_path, rng):
    classifier = Classifier(saved())
    export_model(classifier, tmp_path / "big.onnx", most=500)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["big.onnx", "big.onnx.data"]
    assert (tmp_path / "big.onnx.data").stat().st_size >= 648
    export_model(classifier, tmp_path / "one.onnx")
    x = rng.normal(size=(2, 16, 16, 3)).astype(np.float32)
    answers = [by_onnxruntime(onnx.load(tmp_path / f"{n}.onnx"), first(x)) for n in ("big", "one")]
    assert np.array_equal(*answers)


@pytest.mark.parametrize("softmax", [False, True])
def test_a_file_that_says_something_else_is_not_written(softmax, tmp_path, monkeypatch):
    (tmp_path / "m.onnx").write_text("older")
    right = layers.TRANSLATIONS[layers.ReLU]
    monkeypatch.setitem(layers.TRANSLATIONS, layers.ReLU, layers.one_operator("Abs"))
    with pytest.raises(ValueError, match=r"differ from the model's by \d[.\d]* of the largest"):
        export_model(Classifier(saved()), tmp_path / "m.onnx", softmax=softmax)
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]
    assert (tmp_path / "m.onnx").read_text() == "older"
    monkeypatch.setitem(layers.TRANSLATIONS, layers.ReLU, layers.one_operator("Odd"))
    with pytest.raises(ValueError, match=r"ONNX's checker refuses the file: .*Odd"):
        export_model(Classifier(saved()), tmp_path / "m.onnx", softmax=softmax)
    assert (tmp_path / "m.onnx").read_text() == "older"
    monkeypatch.setitem(layers.TRANSLATIONS, layers.ReLU, right)
    export_model(Classifier(saved()), tmp_path / "m.onnx", softmax=softmax)
    onnx.checker.check_model(str(tmp_path / "m.onnx"), full_check=True)


def test_what_onnxruntime_does_not_take_is_one_line(tmp_path):
    (tmp_path / "m.onnx").write_text("nothing")
    with pytest.raises(ValueError, match="onnxruntime does not take the file"):
        agreement.runtime(tmp_path / "m.onnx")


def test_photos_are_photos_and_differ():
    classifier = Classifier(saved())
    x = agreement.sample_inputs(classifier)
    assert x.shape == (agreement.COUNT, 16, 16, 3)
    assert len({one.tobytes() for one in x}) == agreement.COUNT
    assert np.array_equal(x, agreement.sample_inputs(classifier))
    neighbours = np.abs(np.diff(x, axis=1)).mean() / np.abs(x - np.roll(x, 7, axis=1)).mean()
    assert neighbours < 0.8  # as in photos, not as in noise


def test_probabilities_are_tried_too(tmp_path, monkeypatch):
    def wrong(graph, classifier):
        (logits,) = graph.outputs
        graph.add("Sigmoid", ["logits"], "probabilities")
        graph.outputs = [logits._replace(name="probabilities")]

    monkeypatch.setattr(model, "add_probabilities", wrong)
    with pytest.raises(ValueError, match="differ from the model's"):
        export_model(Classifier(saved()), tmp_path / "m.onnx", softmax=True)
    assert not list(tmp_path.iterdir())

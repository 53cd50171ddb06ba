"""The README's Python examples run and print what they say."""

import doctest
import re

import numpy as np
from PIL import Image

from src.inference import load_model
from tests.inference.models import write
from tests.load.photos import folder_of, save
from tests.paths import ROOT, real_weights


def test_the_examples_are_true():
    result = doctest.testfile(
        str(ROOT / "README.md"), module_relative=False, optionflags=doctest.REPORT_NDIFF
    )
    assert result.attempted > 10
    assert result.failed == 0


def test_the_example_on_photos_runs(tmp_path, monkeypatch, capsys):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (block,) = (block for block in blocks if 'load_dataset("photos")' in block)
    folder_of(tmp_path / "photos", {"clean": 20, "dirty": 20}, ".jpg")
    monkeypatch.chdir(tmp_path)
    exec(block.replace("epochs=10", "epochs=2"), {})
    assert "2 classes; samples: train 28, validation 6, test 6" in capsys.readouterr().out


def test_the_example_of_predicting_runs(tmp_path, monkeypatch):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (block,) = (block for block in blocks if "load_model(" in block)
    write(tmp_path / "model.safetensors")
    save(tmp_path / "new.jpg")
    monkeypatch.chdir(tmp_path)
    (prediction,) = eval(block.strip().splitlines()[-1], {"load_model": load_model})
    assert prediction.labels
    assert not prediction.error


def test_the_example_of_a_pretrained_network_runs(tmp_path, monkeypatch):
    weights = real_weights("efficientnet_lite2.safetensors")
    with np.load(real_weights("efficientnet_lite2_reference.npz")) as file:
        Image.fromarray(file["input_0"]).save(tmp_path / "banana.jpg")
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (block,) = (block for block in blocks if "pretrained_network(" in block)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLASSIC_NN_WEIGHTS", str(weights.parent))
    found: dict = {}
    exec(block.replace("Classifier(pre", "found = Classifier(pre"), found)
    assert found["found"][0].labels == ("banana",)


def test_every_linked_file_exists():
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text())
    assert links
    here = [link for link in links if not link.startswith("https://")]
    assert [link for link in here if not (ROOT / link).exists()] == []

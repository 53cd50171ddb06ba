"""Each photo of a run is decoded once, whatever looks at it."""

import threading
from collections import Counter

import pytest
from PIL import Image

from src.classic_train.__main__ import main
from tests.classic_train.photo_sets import SETS

SMALL = ["--epochs", "2", "--batch-size", "8", "--image-size", "32", "--filters", "4,4", "--quiet"]


@pytest.mark.parametrize("recipe", ["dishes", "tomato", "produce"])
def test_every_photo_is_decoded_once(recipe, tmp_path, monkeypatch):
    """By copies and hashes, mean and deviation, training, validation, baselines, test, pictures."""
    photos = SETS[recipe](tmp_path / "photos")
    monkeypatch.chdir(tmp_path)
    opened, lock = Counter(), threading.Lock()
    real = Image.open

    def counting(file, *arguments, **settings):
        image = real(file, *arguments, **settings)
        content = file.getvalue() if hasattr(file, "getvalue") else file
        with lock:
            opened[content] += 1
        return image

    monkeypatch.setattr(Image, "open", counting)
    assert main([recipe, "--data", str(photos), *SMALL]) == 0
    files = {path.read_bytes() for path in photos.rglob("*.png")}
    assert len(files) > 10
    decoded = {content: opened[content] for content in files}
    assert set(decoded.values()) == {1}

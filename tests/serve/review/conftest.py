"""A folder as ``mine`` writes it, and the page's own process."""

import json

import pytest

from src.inference.mining.review import Reviewed, write_review
from tests.load.photos import save
from tests.serve.process import Served


@pytest.fixture
def mined(tmp_path):
    """Twelve photos, of which the second and the third are near-duplicates."""
    photos = []
    for number in range(12):
        path = save(tmp_path / "photos" / f"{number:02d}.png", number)
        group = 2 if number == 2 else number + 1
        photos.append(Reviewed(str(path), p=round(0.05 * number, 2), answer="plant", group=group))
    folder = tmp_path / "mined"
    folder.mkdir()
    write_review(folder / "review.csv", photos)
    (folder / "mine.json").write_text(json.dumps({"classes": ["other", "plant"]}))
    return folder


@pytest.fixture
def page(mined, tmp_path):
    pytest.importorskip("fastapi", reason="needs classic-nn[serve]")
    pytest.importorskip("uvicorn", reason="needs classic-nn[serve]")
    made = Served(tmp_path / "server.txt", "review", mined)
    yield made
    made.kill()

"""A folder as ``mine`` writes it, and the page's own process."""

import json
import subprocess
import sys
import time

import pytest

from src.inference.mining.review import Reviewed, write_review
from tests.load.photos import save
from tests.paths import ROOT


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


class Page:
    """The server in a process of its own."""

    def __init__(self, folder, output):
        self.output = output
        with output.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "src.serve", "review", str(folder), "--port", "0"],
                cwd=ROOT,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 60
        while " at http://" not in output.read_text():
            assert self.process.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.1)
        self.address = "http://" + output.read_text().split(" at http://")[1].split()[0]

    def stop(self, signal):
        self.process.send_signal(signal)
        return self.process.wait(30)


@pytest.fixture
def page(mined, tmp_path):
    pytest.importorskip("fastapi", reason="needs classic-nn[serve]")
    pytest.importorskip("uvicorn", reason="needs classic-nn[serve]")
    made = Page(mined, tmp_path / "server.txt")
    yield made
    made.process.kill()
    made.process.wait()

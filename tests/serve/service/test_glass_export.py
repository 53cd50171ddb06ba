"""A folder of the glass box: which numbers are in it, and that they are the library's."""

import base64
import json

import numpy as np
import pytest

from tests.load.photos import save
from tests.serve.service.conftest import needs_packages
from tests.serve.service.glass_models import write_run

needs_packages()

from src.serve.service import glass_export  # noqa: E402
from src.serve.service.glass_export import export_glass, key_of  # noqa: E402


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("runs") / "animals", epochs=2) / "model.safetensors"


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    return [save(folder / f"{k}.png", k, width=30, height=30) for k in (3, 4)]


def answers(path):
    """Those of a script, with the arrays in their places."""
    text = path.read_text(encoding="utf-8")
    inside = text.removeprefix("answersAre(").removesuffix(");\n")
    found, arrays = json.loads(f"[{inside}]")

    def whole(value):
        if isinstance(value, list):
            return [whole(one) for one in value]
        if not isinstance(value, dict):
            return value
        if "shape" in value and isinstance(value.get("data"), int):
            return {**value, "data": arrays[value["data"]]}
        return {name: whole(one) for name, one in value.items()}

    assert len(set(arrays)) == len(arrays)  # each stands once
    return whole(found)


def opened(found):
    return {key: one for key, one in found.items() if key.endswith(("what=value", "what=gradient"))}


def test_the_strongest_map_can_be_opened_everywhere_and_the_room_is_used(model, photos, tmp_path):
    written = export_glass(model, photos, tmp_path / "box")
    assert {path.name for path in written if path.parent.name == "data"} == {
        *(f"photo-{k}-{epoch}.js" for k in (0, 1) for epoch in (1, 2, "end")),
        "network.js",
    }
    found = answers(tmp_path / "box/data/photo-1-end.js")
    strongest, *_ = glass_export._order(found["count=6&what=forward"]["maps"]["conv"])
    for row, column in np.ndindex(18, 18):
        assert f"path=conv&place={row},{column},{strongest}&what=value" in found
    size = sum(path.stat().st_size for path in written)
    assert 0.95 * glass_export.MOST_BYTES < size < 1.05 * glass_export.MOST_BYTES
    assert opened(answers(tmp_path / "box/data/photo-1-1.js")) == {}


def test_its_numbers_are_those_of_the_maps(model, photos, tmp_path):
    export_glass(model, photos[:1], tmp_path / "box")
    found = answers(tmp_path / "box/data/photo-0-end.js")
    rng = np.random.default_rng(0)
    keys = list(opened(found))
    for key in rng.choice(keys, 60, replace=False):
        parts = dict(part.split("=") for part in key.split("&"))
        *place, channel = map(int, parts["place"].split(","))
        if not place:
            continue
        of = f"{parts['what']}s"
        channels = {"what": "channel", "path": parts["path"], "channel": channel, "of": of}
        numbers = found[key_of(channels)]["numbers"]
        array = np.frombuffer(base64.b64decode(numbers["data"]), "<f4").reshape(numbers["shape"])
        assert found[key]["value"] == pytest.approx(float(array[tuple(place)]), rel=1e-6, abs=1e-9)


def test_less_room_opens_fewer_and_the_strongest_always(model, photos, tmp_path, monkeypatch):
    counts = []
    for room in (0, 700_000, 18_000_000):
        monkeypatch.setattr(glass_export, "MOST_BYTES", room)
        written = export_glass(model, photos[:1], tmp_path / f"box{room}")
        counts.append(len(opened(answers(tmp_path / f"box{room}/data/photo-0-end.js"))))
        if room:
            data = [path for path in written if path.parent.name == "data"]
            assert sum(path.stat().st_size for path in data) < 1.02 * room + 5_000
    assert counts[0] < counts[1] < counts[2]
    assert counts[0] > 50

"""The glass box as a folder: the page with its answers to some photos, for any web space or class.

The answers are those of the server, asked beforehand: the whole way of each photo, there and back,
all maps with all their numbers, of the strongest maps the strongest number opened, and then as many
more of their numbers as fit ``MOST_BYTES``. They lie in scripts, because a browser that has opened
a folder of its own loads these and no data.
"""

import base64
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from src.common.files import finite, model_name, write_text
from src.load.errors import UnreadableDataError
from src.serve.service.glass import MOST_MAPS, Glass
from src.serve.service.limits import Limits
from src.serve.service.run_history import epochs_of

SCRIPTS = ("ask.js", "glass_map.js", "glass_opened.js", "glass_play.js", "glass.js")
STYLES = ("page.css", "glass.css")
SHOWN = 6
"""Maps of each operation that the page shows at first."""

MOST_BYTES = 18_000_000
"""Up to this size of the folder more numbers are opened than the strongest."""

WAYS = (("values", "value", "forward"), ("gradients", "gradient", "backward"))
"""What a map holds, what opens a number of it, and what names the strongest maps."""


def export_glass(model: Path, photos: Sequence[Path], folder: Path) -> list[Path]:
    """Write the folder; returns the files.

    Args:
        model: its file.
        photos: whose ways are shown.
        folder: is made; it may not hold other files.

    Raises UnreadableDataError for a photo that cannot be read, or a folder that is not empty.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise UnreadableDataError(f"--export: {folder} is not empty: expected a new folder")
    name = model_name(model)
    glass = Glass({name: model}, Limits.pixels)
    inputs = [_prepared(glass, name, photo) for photo in photos]
    places = list(product(range(len(inputs)), [*epochs_of(model), None]))
    sheets = {
        (k, epoch): Sheet(_answers(glass, name, inputs[k], epoch))
        for k, epoch in tqdm(places, "photos and epochs", disable=None)
    }
    room = (MOST_BYTES - sum(sheet.size for sheet in sheets.values())) / len(inputs)
    for k, x in enumerate(tqdm(inputs, "their numbers", disable=None)):
        sheet = sheets[k, None]
        most = sheet.size + room
        for key, answer in _further(glass, name, x, sheet.answers):
            if not sheet.add(key, answer, most):
                break
    written = []
    for (k, epoch), sheet in sheets.items():
        at = "end" if epoch is None else epoch
        written.append(folder / "data" / f"photo-{k}-{at}.js")
        write_text(written[-1], sheet.script())
    network = glass.answer(name, {"what": "network"})
    shown = {"model": name, "network": network, "photos": [photo.name for photo in photos]}
    own = folder / "data" / "network.js"
    write_text(own, f"const SHOWN = {json.dumps(finite(shown))};\n")
    return [*written, own, *_page(folder)]


class Sheet:
    """The answers of one photo at one epoch, in which an array that comes again stands once.

    A kernel is behind every number of its map, and a window behind one of each map.
    """

    def __init__(self, answers: Iterable[tuple[str, Any]] = ()) -> None:
        self.answers: dict[str, Any] = {}
        self.size = 0
        self._places: dict[str, int] = {}
        for key, answer in answers:
            self.add(key, answer)

    def add(self, key: str, answer: Any, most: float = math.inf) -> bool:
        """Add an answer, unless the sheet would then have more bytes; says whether it has."""
        fresh: dict[str, int] = {}
        shared = self._shared(finite(answer), fresh)
        size = len(key) + len(json.dumps(shared)) + sum(map(len, fresh)) + 8 + 4 * len(fresh)
        if self.size + size > most:
            return False
        self.answers[key] = answer
        self._places |= fresh
        self.size += size
        return True

    def script(self) -> str:
        """Answers and arrays, as the page reads them."""
        shared = {key: self._shared(finite(one), {}) for key, one in self.answers.items()}
        return f"answersAre({json.dumps(shared)}, {json.dumps(list(self._places))});\n"

    def _shared(self, value: Any, fresh: dict[str, int]) -> Any:
        """A value whose arrays have their number in the place of their bytes."""
        if isinstance(value, list):
            return [self._shared(one, fresh) for one in value]
        if not isinstance(value, dict):
            return value
        data = value.get("data")
        if "shape" in value and isinstance(data, str):
            place = self._places.get(data, fresh.get(data))
            if place is None:
                place = fresh[data] = len(self._places) + len(fresh)
            return {**value, "data": place}
        return {name: self._shared(one, fresh) for name, one in value.items()}


def _prepared(glass: Glass, name: str, photo: Path) -> dict[str, Any]:
    try:
        content = base64.b64encode(photo.read_bytes()).decode("ascii")
        found: dict[str, Any] = glass.answer(name, {"what": "prepare", "photo": content})["x"]
    except (OSError, UnreadableDataError) as error:
        cause = getattr(error, "strerror", None) or str(error)
        raise UnreadableDataError(f"--export: {photo}: {cause}") from None
    return found


def _answers(
    glass: Glass, name: str, x: dict[str, Any], epoch: int | None
) -> Iterator[tuple[str, Any]]:
    """By the questions' keys, as the page makes them; of epochs on the way the forward pass."""

    def ask(what: str, **more: Any) -> tuple[str, Any]:
        question = {"what": what, **more}
        return key_of(question), glass.answer(name, {**question, "x": x, "epoch": epoch})

    yield ask("forward", count=SHOWN)
    box = glass.network_of(name, epoch)
    if epoch is not None:
        return
    yield ask("backward", count=SHOWN)
    for number in range(len(box.classifier.classes)):
        yield ask("last_step", number=number)
    for path, node in box.nodes.items():
        maps = len(node.shape) == 3
        if node.shape[-1] > SHOWN:
            for of, _, _ in WAYS:
                yield ask("maps", path=path, first=SHOWN, count=MOST_MAPS, of=of)
        for of, what, kept in WAYS:
            order = _order(ask(kept, count=SHOWN)[1]["maps"][path])
            channels = range(node.shape[-1]) if maps else order
            for channel in channels if maps else ():
                yield ask("channel", path=path, channel=int(channel), of=of)
            for channel in order:
                place = [int(channel)]
                if maps:
                    numbers = ask("channel", path=path, channel=int(channel), of=of)[1]["numbers"]
                    place = [*_strongest(numbers), int(channel)]
                yield ask(what, path=path, place=place)


def _further(
    glass: Glass, name: str, x: dict[str, Any], known: dict[str, Any]
) -> Iterator[tuple[str, Any]]:
    """More numbers of the maps that the page shows, the strongest maps first."""
    nodes = glass.network_of(name, None).nodes
    ways = {kept: known[key_of({"what": kept, "count": SHOWN})]["maps"] for _, _, kept in WAYS}
    for rank, (path, node), (_, what, kept) in product(range(SHOWN), nodes.items(), WAYS):
        for channel in _order(ways[kept][path])[rank : rank + 1]:
            for place in np.ndindex(*node.shape[:-1]):
                question = {"what": what, "path": path, "place": [*place, channel]}
                key = key_of(question)
                if key not in known:
                    yield key, glass.answer(name, {**question, "x": x, "epoch": None})


def _order(maps: dict[str, Any]) -> list[int]:
    return np.frombuffer(base64.b64decode(maps["channels"]["data"]), "<i4").tolist()


def _strongest(numbers: dict[str, Any]) -> list[int]:
    """The place that the page shows first: that of the largest absolute value."""
    array = np.frombuffer(base64.b64decode(numbers["data"]), "<f4").reshape(numbers["shape"])
    return [int(k) for k in np.unravel_index(np.abs(array).argmax(), array.shape)]


def key_of(question: dict[str, Any]) -> str:
    """The question as a text, its parts in alphabetical order.

    >>> key_of({"what": "value", "path": "conv", "place": [1, 2, 3]})
    'path=conv&place=1,2,3&what=value'
    """
    parts = []
    for name, value in sorted(question.items()):
        text = ",".join(map(str, value)) if isinstance(value, list) else value
        parts.append(f"{name}={text}")
    return "&".join(parts)


def _page(folder: Path) -> Iterator[Path]:
    """The page and its files, with relative addresses, told that the answers lie beside it."""
    source = files("src.serve.service").joinpath("page")
    for name in (*SCRIPTS, *STYLES):
        path = folder / "page" / name
        write_text(path, source.joinpath(name).read_text("utf-8"))
        yield path
    html = source.joinpath("glass.html").read_text("utf-8")
    html = html.replace('"/page/', '"page/').replace('<a href="/">Answers</a>', "")
    first = '<script src="page/ask.js">'
    html = html.replace(first, f'<script src="data/network.js"></script>\n{first}')
    path = folder / "index.html"
    write_text(path, html)
    yield path

"""Questions of the glass box page: read from what a browser sends, answered by ``GlassBox``.

A question is JSON: what is asked, of which model and epoch, about which photo (its file in base64,
at first; then the prepared input, as it was answered), under which changes. Everything is checked
here; what is wrong is one line.
"""

import base64
import binascii
import json
import math
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ImageOps

from src.classic_nn.array_types import Array
from src.classic_nn.serialization import TensorFileError
from src.common.files import finite
from src.inference.classifier import load_model
from src.inference.glass.box import Asked, GlassBox
from src.inference.glass.goals import OPTIMIZERS
from src.inference.glass.packed import as_json
from src.inference.glass.play import Changes
from src.load.errors import UnreadableDataError
from src.load.images import decode_image
from src.serve.service.run_history import epochs_of, history_of

MOST_MAPS = 64
"""Of a node, in one answer."""

MOST_WEIGHTS = 100
"""That one question changes."""

BOXES = 3
"""Epochs of models that are kept in memory."""


class Glass:
    """Glass boxes of models, and of their saved epochs.

    Args:
        models: files by name.
        pixels: of a photo, at most.
    """

    def __init__(self, models: Mapping[str, Path], pixels: int) -> None:
        self._models = models
        self._pixels = pixels
        self._boxes: OrderedDict[tuple[str, int | None], GlassBox] = OrderedDict()

    def answer(self, model: str, question: Mapping[str, Any]) -> dict[str, Any]:
        """The answer, as JSON holds it. Raises UnreadableDataError for what cannot be answered."""
        what = question.get("what")
        if what not in QUESTIONS:
            raise UnreadableDataError(f"what: expected one of {', '.join(QUESTIONS)}")
        box = self.network_of(model, _whole(question, "epoch", None))
        try:
            found = QUESTIONS[what](self, box, model, question)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            cause = error.args[0] if error.args else type(error).__name__
            raise UnreadableDataError(f"{what}: {' '.join(str(cause).split())}") from None
        packed: dict[str, Any] = finite(as_json(found))
        return packed

    def network_of(self, model: str, epoch: int | None) -> GlassBox:
        """The model, or what it was after an epoch; the last few are kept."""
        key = (model, epoch)
        box = self._boxes.pop(key, None)
        if box is None:
            path = self._models[model]
            if epoch is not None:
                epochs = epochs_of(path)
                if epoch not in epochs:
                    raise UnreadableDataError(f"epoch: there is no model of epoch {epoch}")
                path = epochs[epoch]
            try:
                box = GlassBox(load_model(path, threads=1))
            except (TensorFileError, OSError) as error:
                raise UnreadableDataError(str(error)) from None
        self._boxes[key] = box
        while len(self._boxes) > BOXES:
            self._boxes.popitem(last=False)
        return box

    # answers, by what is asked

    def network(self, box: GlassBox, model: str, question: Mapping[str, Any]) -> dict[str, Any]:
        """The diagram, and how training went."""
        path = self._models[model]
        return {**box.network_values(), "epochs": list(epochs_of(path)), **history_of(path)}

    def prepare(self, box: GlassBox, model: str, question: Mapping[str, Any]) -> dict[str, Any]:
        """The input that a photo becomes; with ``invert`` light and dark are exchanged before."""
        invert = question.get("invert", False)
        if not isinstance(invert, bool):
            raise ValueError("invert: expected true or false")
        try:
            content = base64.b64decode(str(question.get("photo", "")), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("the photo is no base64") from None
        classifier = box.classifier
        picture = decode_image(content, "the photo", classifier.white, self._pixels)
        if invert:
            picture = ImageOps.invert(picture)
        return {"x": np.asarray(classifier.prepare(picture), np.float32)}

    def forward(self, box: GlassBox, model: str, question: Mapping[str, Any]) -> dict[str, Any]:
        """See ``GlassBox.forward``."""
        return box.forward(asked(box, question), _count(question))

    def probabilities(
        self, box: GlassBox, model: str, question: Mapping[str, Any]
    ) -> dict[str, Any]:
        """See ``GlassBox.probabilities``."""
        return box.probabilities(asked(box, question))

    def maps(self, box: GlassBox, model: str, question: Mapping[str, Any]) -> dict[str, Any]:
        """See ``GlassBox.maps``."""
        first = _whole(question, "first", 0) or 0
        path, count = _path(box, question), _count(question)
        return box.maps(asked(box, question), path, first, count, _of(question))

    def channel(self, box: GlassBox, model: str, question: Mapping[str, Any]) -> dict[str, Any]:
        """See ``GlassBox.channel``."""
        channel = _whole(question, "channel", 0) or 0
        return box.channel(asked(box, question), _path(box, question), channel, _of(question))

    def value(self, box: GlassBox, model: str, question: Mapping[str, Any]) -> dict[str, Any]:
        """See ``GlassBox.value``."""
        return box.value(asked(box, question), _path(box, question), _place(question))

    def backward(self, box: GlassBox, model: str, question: Mapping[str, Any]) -> dict[str, Any]:
        """See ``GlassBox.backward``."""
        return box.backward(asked(box, question), _count(question))

    def gradient(self, box: GlassBox, model: str, question: Mapping[str, Any]) -> dict[str, Any]:
        """See ``GlassBox.gradient``."""
        return box.gradient(asked(box, question), _path(box, question), _place(question))

    def last_step(self, box: GlassBox, model: str, question: Mapping[str, Any]) -> dict[str, Any]:
        """See ``GlassBox.last_step``."""
        return box.last_step(asked(box, question), _whole(question, "number", 0) or 0)

    def weight(self, box: GlassBox, model: str, question: Mapping[str, Any]) -> dict[str, Any]:
        """See ``GlassBox.weight``."""
        path, name, place = _path(box, question), str(question.get("name")), _place(question)
        return box.weight(asked(box, question), path, name, place, *_optimizer(question))

    def kernel(self, box: GlassBox, model: str, question: Mapping[str, Any]) -> dict[str, Any]:
        """See ``GlassBox.kernel``."""
        path, name = _path(box, question), str(question.get("name"))
        return box.kernel(asked(box, question), path, name, _whole(question, "channel", 0) or 0)

    def step(self, box: GlassBox, model: str, question: Mapping[str, Any]) -> dict[str, Any]:
        """See ``GlassBox.step``."""
        return box.step(asked(box, question), *_optimizer(question))


QUESTIONS: dict[str, Callable[..., dict[str, Any]]] = {
    "network": Glass.network,
    "prepare": Glass.prepare,
    "forward": Glass.forward,
    "probabilities": Glass.probabilities,
    "maps": Glass.maps,
    "channel": Glass.channel,
    "value": Glass.value,
    "backward": Glass.backward,
    "gradient": Glass.gradient,
    "last_step": Glass.last_step,
    "weight": Glass.weight,
    "kernel": Glass.kernel,
    "step": Glass.step,
}
"""What can be asked."""


def question_of(body: bytes) -> dict[str, Any]:
    """The question in a request's body; raises UnreadableDataError."""
    try:
        question = json.loads(body)
    except (ValueError, RecursionError):
        raise UnreadableDataError("the body is no JSON") from None
    if not isinstance(question, dict):
        raise UnreadableDataError("expected a question, a JSON object")
    return question


def asked(box: GlassBox, question: Mapping[str, Any]) -> Asked:
    """Photo, changes and choice of a question. Raises ValueError."""
    chosen = question.get("chosen")
    if chosen is not None:
        chosen = [_of_kind(k, int, "chosen") for k in _list(chosen, "chosen", 10_000)]
    return Asked(_input(box, question.get("x")), _changes(question.get("changes") or {}), chosen)


def _input(box: GlassBox, packed: Any) -> Array:
    """The prepared photo, as ``as_json`` has packed it."""
    shape = box.classifier.input_shape
    if not isinstance(packed, dict) or packed.get("type") != "f4":
        raise ValueError("x: expected the prepared photo")
    try:
        content = base64.b64decode(str(packed.get("data")), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("x: is no base64") from None
    if len(content) != 4 * math.prod(shape):
        raise ValueError(f"x: expected {math.prod(shape):,} numbers, an input of shape {shape}")
    x = np.frombuffer(content, "<f4").reshape(shape)
    if not np.isfinite(x).all():
        raise ValueError("x: has numbers that are not finite")
    return x


def _changes(given: Any) -> Changes:
    if not isinstance(given, dict):
        raise ValueError("changes: expected an object")
    known = {"occlude", "shift", "rotate", "noise", "weights", "dropped"}
    if set(given) - known:
        raise ValueError(f"changes: expected {', '.join(sorted(known))}")
    occlude = given.get("occlude")
    if occlude is not None:
        box = [_number(v, "occlude", 0, 1) for v in _list(occlude, "occlude", 4, 4)]
        occlude = (
            min(box[0], box[2]),
            min(box[1], box[3]),
            max(box[0], box[2]),
            max(box[1], box[3]),
        )
    down, right = (
        _number(v, "shift", -500, 500) for v in _list(given.get("shift", (0, 0)), "shift", 2, 2)
    )
    dropped = given.get("dropped") or {}
    if not isinstance(dropped, dict):
        raise ValueError("dropped: expected channels by path")
    return Changes(
        occlude,
        (down, right),
        _number(given.get("rotate", 0), "rotate", -360, 360),
        _number(given.get("noise", 0), "noise", 0, 100),
        [
            _weight_change(change)
            for change in _list(given.get("weights", ()), "weights", MOST_WEIGHTS)
        ],
        {
            str(path): [_of_kind(k, int, "dropped") for k in _list(channels, "dropped", 10_000)]
            for path, channels in dropped.items()
        },
    )


def _weight_change(given: Any) -> tuple[str, str, tuple[int, ...], float]:
    path, name, place, value = _list(given, "weights", 4, 4)
    return str(path), str(name), _numbers(place), _number(value, "weights", -1e6, 1e6)


def _of(question: Mapping[str, Any]) -> str:
    of = question.get("of", "values")
    if of not in ("values", "gradients"):
        raise ValueError("of: expected values or gradients")
    return str(of)


def _optimizer(question: Mapping[str, Any]) -> tuple[str, float]:
    name = question.get("optimizer", "sgd")
    if name not in OPTIMIZERS:
        raise ValueError(f"optimizer: expected one of {', '.join(OPTIMIZERS)}")
    rate = _number(question.get("rate", 0.01), "rate", 0, 1000)
    if rate == 0:
        raise ValueError("rate: must be above 0")
    return name, rate


def _path(box: GlassBox, question: Mapping[str, Any]) -> str:
    path = question.get("path")
    if not isinstance(path, str) or path not in box.nodes:
        raise ValueError("path: the network has no such operation")
    return path


def _place(question: Mapping[str, Any]) -> tuple[int, ...]:
    return _numbers(question.get("place"))


def _numbers(given: Any) -> tuple[int, ...]:
    return tuple(_of_kind(k, int, "place") for k in _list(given, "place", 4, 1))


def _count(question: Mapping[str, Any]) -> int:
    return min(max(_whole(question, "count", 6) or 6, 1), MOST_MAPS)


def _whole(question: Mapping[str, Any], name: str, default: int | None) -> int | None:
    given = question.get(name)
    if given is None:
        return default
    found: int = _of_kind(given, int, name)
    if found < 0:
        raise UnreadableDataError(f"{name}: expected 0 or more, got {found}")
    return found


def _of_kind(value: Any, kind: type, name: str) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise UnreadableDataError(f"{name}: expected a whole number")
    return value


def _number(value: Any, name: str, least: float, most: float) -> float:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not plain or not least <= value <= most:
        raise ValueError(f"{name}: expected a number from {least:g} to {most:g}")
    return float(value)


def _list(given: Any, name: str, most: int, least: int = 0) -> Sequence[Any]:
    if not isinstance(given, list | tuple) or not least <= len(given) <= most:
        raise ValueError(f"{name}: expected a list of {least} to {most}")
    return given

"""What the server asks of a worker process, and what it gets back."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PredictJob:
    """What does this photo show?

    Attributes:
        model: name of the model.
        name: of the photo, for the answer.
        content: of its file.
        threshold, reject_below: see ``Classifier.predict``.
    """

    model: str
    name: str
    content: bytes
    threshold: float | None = None
    reject_below: float | None = None


@dataclass(frozen=True)
class ExplainJob:
    """Why does the model say so?

    Attributes:
        model, name, content: as of ``PredictJob``.
        method: one of ``METHOD_NAMES``.
        steps: of integrated gradients; never doubled, so that it takes the time it takes.
        coalitions: of Shapley values.
        class_name, against, baseline, layer: see ``Explainer``; None or empty for its own choice.
        sheet: draw the sheet that the command ``explain`` draws, instead of photo and heat map.
    """

    model: str
    name: str
    content: bytes
    method: str
    steps: int = 32
    coalitions: int = 500
    class_name: str | None = None
    against: str | None = None
    baseline: str | None = None
    layer: str = ""
    sheet: bool = False


@dataclass(frozen=True)
class GlassJob:
    """A question of the glass box page.

    Attributes:
        model: name of the model.
        body: of the request: the question as JSON, see ``glass``.
    """

    model: str
    body: bytes


Job = PredictJob | ExplainJob | GlassJob


@dataclass(frozen=True)
class Problem:
    """Why there is no answer.

    Attributes:
        status: of HTTP.
        message: what happened, what was expected.
        again: seconds after which another try makes sense; 0 where none does.
    """

    status: int
    message: str
    again: int = 0


Answer = dict[str, Any] | Problem


@dataclass(frozen=True)
class Ready:
    """The first thing that a worker says, once it has loaded and tried its models.

    Attributes:
        models: descriptions, see ``card``.
        files: what tells each model's file from a later one of its name.
    """

    models: list[dict[str, Any]]
    files: list[tuple[int, ...]]


@dataclass(frozen=True)
class Unusable:
    """The first and last thing that a worker says of a model that cannot be served."""

    message: str

"""Explanations of a classifier's answers: from images to attributions."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from src.classic_nn.array_types import Array
from src.common.lookup import lookup
from src.inference.classifier import Classifier
from src.inference.explain.attribution import Attribution, over_channels
from src.inference.explain.baselines import make_baseline
from src.inference.explain.methods import FROM_BASELINE, METHODS, Question
from src.inference.explain.score import Score
from src.inference.explain_settings import BASELINES, DEFAULT_METHOD, Settings
from src.inference.samples import several
from src.load.errors import UnreadableDataError
from src.load.transforms.base import Picture


@dataclass(frozen=True)
class Explanation:
    """Why a model gave an answer to one image.

    Attributes:
        name: of the image: its file, or its number.
        method: one of ``METHODS``.
        target: what is explained: a class or label, or "a against b".
        probability: of the class or label.
        score: f(x), the logit, or how much larger it is than the other's.
        baseline_score: f of the baseline.
        values: of the input's shape, or (height, width): what speaks for the target is positive.
        x: the input, prepared.
        figures: what the method says of its own accuracy.
        error: why there is none of this; empty as a rule.
    """

    name: str
    method: str
    target: str = ""
    probability: float = float("nan")
    score: float = float("nan")
    baseline_score: float = float("nan")
    values: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    x: Array = field(default_factory=lambda: np.zeros(0))
    figures: dict[str, Any] = field(default_factory=dict)
    error: str = ""

    def summary(self) -> str:
        """What is explained, in a line."""
        what = "difference of logits" if " against " in self.target else "logit"
        return (
            f"{self.target}: p = {self.probability:.4g}, {what} {self.score:.4g}, of the baseline "
            f"{self.baseline_score:.4g}"
        )

    @property
    def heat(self) -> NDArray[np.float64]:
        """(height, width) of a photo, the sum over its channels; (features,) of a vector."""
        return over_channels(self.values)


class Explainer:
    """Explains what a classifier says.

    Args:
        classifier: the model.
        class_name: what to explain; None for what the model answers.
        against: explain how much more ``class_name`` has than this one.
        baseline: see ``baselines``; by default "mean" of photos in colour, else "black".
        background: (samples, *input_shape), other inputs: see ``background_of``.
        settings: of the methods.
        opposite: explain that the model does not give the class: the score is negated.

    Raises UnreadableDataError: an unknown class or baseline; a model that cannot be explained.
    """

    def __init__(
        self,
        classifier: Classifier,
        class_name: str | None = None,
        against: str | None = None,
        baseline: str | None = None,
        background: Array | None = None,
        settings: Settings | None = None,
        opposite: bool = False,
    ) -> None:
        self.classifier = classifier
        self.settings = settings or Settings()
        self.background = background
        self._sign = -1 if opposite else 1
        if len(classifier.input_shape) not in (1, 3):
            raise UnreadableDataError(
                f"expected a model of photos or feature vectors, got inputs of shape "
                f"{classifier.input_shape}"
            )
        self.baseline = baseline or ("mean" if classifier.input_shape[2:] == (3,) else "black")
        self._class = None if class_name is None else self._number("class", class_name)
        self._against = None if against is None else self._number("class", against)
        _or_unreadable(lookup, "baseline", self.baseline, dict.fromkeys(BASELINES))
        if self._against is not None and self._against == self._class:
            raise UnreadableDataError(f"--against: {against} is the class that is explained")
        self._black: Array | None = None

    def _number(self, kind: str, name: str) -> int:
        numbers = {known: k for k, known in enumerate(self.classifier.classes)}
        found: int = _or_unreadable(lookup, kind, name, numbers)
        return found

    def question(self, x: Array, number: int) -> Question:
        """The question why the model gives an input that class or label."""
        return Question(
            self.score(number),
            x,
            self.baseline_of(x),
            self.background,
            self.settings,
        )

    def score(self, number: int) -> Score:
        """The logit of a class, or how much larger it is than that of ``against``."""
        classifier = self.classifier
        weights = np.zeros(len(classifier.classes))
        weights[number] += 1
        if self._against is not None:
            weights[self._against] -= 1
        if classifier.model.task == "binary":  # its one output is the logit of "yes"
            weights = np.sign(weights[1:] - weights[:1])
        return Score(classifier.model.network, self._sign * weights, classifier.threads)

    def baseline_of(self, x: Array) -> Array:
        """The baseline of an input; raises ValueError for one that does not suit."""
        if self.baseline == "black" and self._black is None and x.ndim == 3:
            self._black = self._black_photo()
        return make_baseline(self.baseline, x, self._black, self.background)

    def _black_photo(self) -> Array | None:
        height, width, channels = self.classifier.input_shape
        if self.classifier.transform is None:
            return None
        mode = "L" if channels == 1 else "RGB"
        return self.classifier.prepare(Image.new(mode, (width, height)))

    def probabilities(self, inputs: Callable[[slice], Array], count: int) -> NDArray[np.float64]:
        """(count, classes) of inputs that are made when they are needed."""
        classifier = self.classifier
        score = Score(classifier.model.network, np.zeros(1), classifier.threads)
        outputs = classifier.from_logits(score.logits(inputs, count))
        return classifier.class_probabilities(outputs).astype(np.float64)

    def answer(self, x: Array) -> tuple[int, NDArray[np.float64]]:
        """Number of the class to explain for an input, and all probabilities (classes,)."""
        classifier = self.classifier
        logits = Score(classifier.model.network, np.zeros(1), 1).logits(lambda _: x[np.newaxis], 1)
        outputs = classifier.from_logits(logits)
        row = classifier.class_probabilities(outputs)[0].astype(np.float64)
        if not np.isfinite(row).all():
            raise ValueError("the model's answer is not a number: are its weights?")
        if self._class is not None:
            return self._class, row
        if classifier.model.task == "binary":
            number = classifier.classes.index(classifier.labels(outputs[0])[0])
        else:
            number = int(row.argmax())
        if number == self._against:
            raise ValueError(f"{classifier.classes[number]} against itself: choose a --class")
        return number, row

    def target(self, number: int) -> str:
        """What is explained, in words."""
        name = self.classifier.classes[number]
        if self._against is None:
            return name if self._sign > 0 else f"not {name}"
        return f"{name} against {self.classifier.classes[self._against]}"

    def explain(self, name: str, x: Array, methods: Sequence[str]) -> Iterator[Explanation]:
        """An explanation by each method, or why there is none.

        Args:
            name: of the input.
            x: prepared.
            methods: names of ``METHODS``.
        """
        try:
            number, probabilities = self.answer(x)
            question = self.question(x, number)
        except ValueError as error:
            yield from (Explanation(name, method, error=str(error)) for method in methods)
            return
        score, baseline = question.score.of(x), question.score.of(question.baseline)
        for method in methods:
            try:
                if method in FROM_BASELINE and is_flat(x, question.baseline):
                    raise ValueError(
                        f"the input is its own baseline ({self.baseline}): choose another"
                    )
                found: Attribution = METHODS[method](question)
                if not np.isfinite(found.values).all():
                    raise ValueError("the attributions are not numbers")
            except ValueError as error:
                yield Explanation(name, method, error=str(error))
                continue
            yield Explanation(
                name,
                method,
                self.target(number),
                float(probabilities[number]),
                score,
                baseline,
                found.values,
                x,
                found.figures,
            )

    def prepared(self, images: Any) -> Iterator[tuple[str, Array | UnreadableDataError]]:
        """Name and input of each image, or why there is none; see ``Classifier.predict``."""
        classifier = self.classifier
        return self.inputs(classifier.named(several(images, classifier.input_shape)))

    def inputs(
        self, named: Iterable[tuple[str, Callable[[], Picture]]]
    ) -> Iterator[tuple[str, Array | UnreadableDataError]]:
        """``prepared`` of names and functions that open images; see ``Classifier.answers``."""
        return self.classifier.answers(named, lambda x: x)


def is_flat(x: Array, baseline: Array) -> bool:
    """Whether an input is its baseline, but for rounding."""
    return bool(np.abs(x - baseline).max(initial=0) <= 1e-5 * max(np.abs(x).max(initial=0), 1e-9))


def explain(
    classifier: Classifier,
    images: Any,
    method: str = DEFAULT_METHOD,
    *,
    class_name: str | None = None,
    against: str | None = None,
    baseline: str | None = None,
    background: Any = None,
    **settings: Any,
) -> list[Explanation]:
    """Explain a model's answers to images; one that cannot be read has an ``error``.

    Args:
        classifier: the model.
        images: as ``Classifier.predict`` takes them.
        method: one of ``METHODS``.
        class_name, against, baseline: see ``Explainer``.
        background: other images, for expected gradients and the baseline "average".
        settings: see ``Settings``.

    Raises:
        UnreadableDataError: an unknown class or baseline; a background that cannot be read.
        ValueError: an unknown method, a setting that cannot be.
        TypeError: an unknown setting.
    """
    lookup("method", method, METHODS)
    explainer = Explainer(classifier, class_name, against, baseline, None, Settings(**settings))
    if background is not None:
        explainer.background = background_of(explainer, background)
    found: list[Explanation] = []
    for name, x in explainer.prepared(images):
        if isinstance(x, UnreadableDataError):
            found.append(Explanation(name, method, error=str(x)))
        else:
            found += explainer.explain(name, x, [method])
    return found


def background_of(explainer: Explainer, images: Any) -> Array:
    """(samples, *input_shape): other inputs; raises UnreadableDataError at one that is none."""
    inputs = []
    for _, x in explainer.prepared(images):
        if isinstance(x, UnreadableDataError):
            raise UnreadableDataError(f"background: {x}")
        inputs.append(x)
    if not inputs:
        raise UnreadableDataError("background: expected one image or more, got none")
    return np.stack(inputs)


def _or_unreadable(look: Any, *arguments: Any) -> Any:
    """A look-up whose ValueError is a mistake of the user."""
    try:
        return look(*arguments)
    except ValueError as error:
        raise UnreadableDataError(str(error)) from None

"""How far explanations can be believed: every method measured on the same inputs.

For each method: deletion and insertion areas, the share of what speaks for the class that lies on
the subject, the rank correlation with its own maps after layers were randomized, and how much it
agrees with the other methods. Beside the methods stand two maps that know nothing of the model: a
random one, and the edges of the photo.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.layers.container import Container
from src.inference.explain.attribution import over_channels
from src.inference.explain.baselines import blurred
from src.inference.explain.explainer import Explainer, Explanation
from src.inference.explain.faithfulness import (
    Curve,
    Floats,
    cells_of,
    exchange_curve,
    importance,
    share_inside,
)
from src.inference.explain.methods import METHODS, Question
from src.inference.explain.randomization import randomized, rank_correlation, stages

RANDOM, EDGES = "random", "edges"
"""Maps that know nothing of the model."""

RANDOMIZED = 4
"""Inputs on which the randomization check is made: it explains each of them four times more."""


@dataclass(frozen=True)
class Sample:
    """An input that explanations are measured on.

    Attributes:
        name: of it.
        x: prepared.
        subject: (height, width), where the subject is; None where that is not known.
    """

    name: str
    x: Array
    subject: NDArray[np.bool_] | None = None


@dataclass
class Measures:
    """What was measured of one method, a value for each input.

    Attributes:
        deletion, insertion: curves.
        inside: share of the positive attributions on the subject.
        names: of the inputs that the method has explained.
        correlations: of |values|, with the maps after randomizing, by number of layers; of the
            first inputs.
        signed: the same of the values with their signs, after randomizing all.
        seconds: that an explanation took.
        errors: completeness errors, relative, where the method has some.
    """

    names: list[str] = field(default_factory=list)
    deletion: list[Curve] = field(default_factory=list)
    insertion: list[Curve] = field(default_factory=list)
    inside: list[float] = field(default_factory=list)
    correlations: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    signed: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Table:
    """Measures of all methods.

    Attributes:
        measures: by method, and of the maps that know nothing.
        agreement: mean rank correlation of two methods' maps, by both names.
        area: share of the photo that the subject has, the mean; NaN where it is not known.
        explanations: by method.
        failed: causes, of inputs that could not be explained.
    """

    measures: Mapping[str, Measures]
    agreement: Mapping[tuple[str, str], float]
    area: float
    explanations: Mapping[str, list[Explanation]]
    failed: Sequence[str]


def measure(
    explainer: Explainer,
    samples: Sequence[Sample],
    methods: Sequence[str],
    tick: Callable[[], object] = lambda: None,
) -> Table:
    """Measure methods on inputs.

    Args:
        explainer: of the model.
        samples: inputs.
        methods: names of ``METHODS``.
        tick: called after each explanation, ``ticks`` times at most.
    """
    measures: dict[str, Measures] = {name: Measures() for name in [*methods, EDGES, RANDOM]}
    explanations: dict[str, list[Explanation]] = {name: [] for name in methods}
    pairs: dict[tuple[str, str], list[float]] = defaultdict(list)
    failed: dict[str, None] = {}
    rng = np.random.default_rng(explainer.settings.seed)
    network = explainer.classifier.model.network
    areas = []
    for number, sample in enumerate(samples):
        maps: dict[str, Floats] = {}
        for method in methods:
            start = time.perf_counter()
            (found,) = explainer.explain(sample.name, sample.x, [method])
            tick()
            if found.error:
                failed[f"{method}: {found.error}"] = None
                continue
            measures[method].names.append(sample.name)
            measures[method].seconds.append(time.perf_counter() - start)
            explanations[method].append(found)
            maps[method] = found.heat
            if "relative_error" in found.figures:
                measures[method].errors.append(found.figures["relative_error"])
        if not maps:
            continue
        if sample.subject is not None:
            areas.append(float(sample.subject.mean()))
        maps |= {EDGES: edges(sample.x), RANDOM: rng.random(next(iter(maps.values())).shape)}
        _curves(explainer, sample, maps, measures)
        names = [name for name in maps if name != RANDOM]
        for one, other in combinations_with_replacement(names, 2):
            both = rank_correlation(maps[one], maps[other])
            for pair in {(one, other), (other, one)}:
                pairs[pair].append(both)
        counts = stages(network) if number < RANDOMIZED else []
        for count in counts:  # each input with random weights of its own
            drawn = randomized(network, count, explainer.settings.seed + number)
            for method in [name for name in methods if name in maps]:
                again = _explained_by(explainer, drawn, sample.x, method)
                both = rank_correlation(maps[method], again)
                measures[method].correlations[count].append(both)
                if count == counts[-1]:
                    signed = rank_correlation(maps[method], again, signed=True)
                    measures[method].signed.append(signed)
                tick()
    agreement = {names: mean_of(values) for names, values in pairs.items()}
    return Table(measures, agreement, mean_of(areas), explanations, list(failed))


def ticks(network: Container, samples: int, methods: int) -> int:
    """How often ``measure`` calls ``tick``, at most."""
    return methods * (samples + min(samples, RANDOMIZED) * len(stages(network)))


def edges(x: Array) -> Floats:
    """How steep brightness is at each pixel; of feature vectors |x|."""
    from scipy.ndimage import sobel

    if x.ndim == 1:
        return np.abs(x).astype(np.float64)
    grey = x.mean(axis=2, dtype=np.float64)
    return np.hypot(sobel(grey, 0), sobel(grey, 1))


def _curves(
    explainer: Explainer,
    sample: Sample,
    maps: Mapping[str, Floats],
    measures: Mapping[str, Measures],
) -> None:
    """Deletion and insertion curves of all maps of an input, and their shares on the subject."""
    x, cells = sample.x, cells_of(sample.x)
    number, _ = explainer.answer(x)
    baseline = explainer.baseline_of(x)
    start = blurred(x) if x.ndim == 3 else baseline

    def probability(inputs: Callable[[slice], Array], count: int) -> Floats:
        return explainer.probabilities(inputs, count)[:, number]

    for name, heat in maps.items():
        order = np.argsort(-importance(heat, cells), kind="stable")
        found = measures[name]
        found.deletion.append(exchange_curve(probability, x, baseline, cells, order))
        found.insertion.append(exchange_curve(probability, start, x, cells, order))
        if sample.subject is not None:
            found.inside.append(share_inside(heat, sample.subject))


def _explained_by(explainer: Explainer, network: Container, x: Array, method: str) -> Floats:
    """The map of a method for another network; what is explained stays the same class."""
    number, _ = explainer.answer(x)
    question: Question = explainer.question(x, number)
    # a random network's answers hardly change: to add up within 1% of that would take long
    settings = replace(question.settings, tolerance=np.inf)
    score = replace(question.score, network=network)
    other = replace(question, score=score, settings=settings)
    return over_channels(METHODS[method](other).values)


def mean_of(values: Sequence[float]) -> float:
    """Mean of the values that are numbers; NaN where none is."""
    numbers = [value for value in values if np.isfinite(value)]
    return float(np.mean(numbers)) if numbers else float("nan")


def table_rows(table: Table) -> list[tuple[str, ...]]:
    """Rows of a table, headings first: means over the inputs."""
    methods = list(table.explanations)
    counts = sorted({count for found in table.measures.values() for count in found.correlations})
    rows = [
        (
            "method",
            "deletion",
            "insertion",
            "on subject",
            *(f"randomized {count}" for count in counts),
            "signed",
            "agreement",
            "error",
            "seconds",
        )
    ]
    for name, found in table.measures.items():
        others = [
            value
            for (one, other), value in table.agreement.items()
            if one == name and other != name and other in methods
        ]
        values = [
            mean_of([curve.area for curve in found.deletion]),
            mean_of([curve.area for curve in found.insertion]),
            mean_of(found.inside),
            *(mean_of(found.correlations.get(count, [])) for count in counts),
            mean_of(found.signed),
            mean_of(others),
            float(np.median(found.errors)) if found.errors else float("nan"),
            mean_of(found.seconds),
        ]
        rows.append((name, *("" if np.isnan(value) else f"{value:.3f}" for value in values)))
    return rows

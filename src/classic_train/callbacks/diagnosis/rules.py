"""The rules of diagnosis: from the measurements of all epochs so far to what is wrong now.

Each rule is given the epochs in order and looks for a problem in the last one. Limits are wide, so
that nothing is reported of a healthy network. A problem that comes and goes within an epoch is
none, so most rules need it in two epochs running.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from src.classic_train.callbacks.diagnosis.finding import Finding
from src.classic_train.callbacks.diagnosis.measurements import EpochMeasurements

Epochs = Sequence[EpochMeasurements]
"""Of one run, in order; rules that want to see a problem twice are asked from the second on."""

FADED = 1e-3
"""A gradient of a layer that is smaller than this fraction of the largest layer's has vanished: a
chain of sigmoids loses at least three quarters with every layer (Glorot and Bengio 2010)."""

EXPLODED, GROWN = 10.0, 100.0
"""A gradient as long as ten times the weights has exploded; so has one a hundred times as long as
in the epochs before (Pascanu, Mikolov and Bengio 2013)."""

DEAD, SATURATED = 0.5, 0.5
"""Fractions of a layer's units or values from which on it is reported."""

LARGE_UPDATE, SMALL_UPDATE = 0.03, 1e-6
"""Of a step's change divided by the weight. About 1e-3 is what is looked for (Karpathy, CS231n,
"Ratio of weights:updates"); Adam's first steps are 1e-2, schedules end far below 1e-3, and the
recipes of this project stay below 2e-2."""

FLAT_EPOCHS, FLAT = 8, 0.01
"""A cost that in so many epochs has not become lower by this fraction is on a plateau."""

LEARNED = 0.5
"""A network whose cost is below this fraction of the first epoch's has learned: no plateau."""

RISING_EPOCHS, RISEN, MUCH = 5, 0.1, 0.05
"""How long, and by how much, a validation cost has to be above its lowest value: by a fraction of
that value, and by a fraction of the first epoch's cost (near zero, a tenth is nothing)."""


def vanishing_gradient(epochs: Epochs) -> Iterator[Finding]:
    """The gradient of a layer is tiny compared to that of the layer with the largest one."""
    last = epochs[-1]
    measured = [epoch for epoch in epochs if epoch.gradients][-2:]
    if not last.gradients or len(measured) < 2:
        return
    if not any(epoch.gradient for epoch in measured) and last.cost > 0:
        evidence = "no gradient at all: that of every weight is 0"
        yield Finding("vanishing gradient", last.epoch, next(iter(last.gradients)), evidence)
    for name in last.gradients:
        if not all(e.gradients[name] < FADED * max(e.gradients.values()) for e in measured):
            continue
        largest = max(last.gradients, key=lambda other: last.gradients[other])
        yield Finding(
            "vanishing gradient",
            last.epoch,
            name,
            f"its gradient's norm is {last.gradients[name]:.2g}, that of {largest} "
            f"{last.gradients[largest]:.2g}",
        )
        return  # the layers before and after it have it too


def exploding_gradient(epochs: Epochs) -> Iterator[Finding]:
    """The gradient is longer than the weights, or has grown a hundredfold."""
    last = epochs[-1]
    if not last.gradients:
        return
    worst = max(last.gradients, key=lambda name: last.gradients[name])
    weights = float(np.linalg.norm(list(last.weights.values())))
    before = [epoch.gradient for epoch in epochs[:-1] if epoch.gradient]
    if last.gradient > EXPLODED * weights > 0:
        evidence = f"the gradient's norm is {last.gradient:.2g}, that of the weights {weights:.2g}"
    elif (
        len(before) >= 3 and last.gradient > GROWN * np.median(before) and last.gradient > before[0]
    ):
        evidence = (
            f"the gradient's norm is {last.gradient:.2g}, in the epochs before "
            f"{np.median(before):.2g}"
        )
    else:
        return
    yield Finding("exploding gradient", last.epoch, worst, evidence)


def dead_relu(epochs: Epochs) -> Iterator[Finding]:
    """Most units of a layer are 0 whatever they are given: they learn nothing any more."""
    for name, fraction in _largest_first(epochs[-1].dead):
        if min(_last_two([epoch.dead for epoch in epochs], name)) >= DEAD:
            evidence = f"{fraction:.0%} of its units are 0 for every sample"
            yield Finding("dead ReLU", epochs[-1].epoch, name, evidence)


def saturated_activation(epochs: Epochs) -> Iterator[Finding]:
    """Most values of a sigmoid or tanh layer lie where it is flat: no gradient comes through."""
    for name, fraction in _largest_first(epochs[-1].saturated):
        if min(_last_two([epoch.saturated for epoch in epochs], name)) >= SATURATED:
            evidence = f"at {fraction:.0%} of its values the slope is below 1% of the steepest"
            yield Finding("saturated activation", epochs[-1].epoch, name, evidence)


def update_ratio(epochs: Epochs) -> Iterator[Finding]:
    """A step changes a weight by far more, or by far less, than a thousandth of it."""
    last = epochs[-1]
    highest_rate = max(epoch.learning_rate for epoch in epochs)
    at_work = last.learning_rate >= 0.1 * highest_rate
    large, small = [], []
    for name, ratio in _largest_first(last.updates):
        evidence = f"a step changes it by {ratio:.1e} of its norm, about 1e-3 is usual"
        ratios = _last_two([epoch.updates for epoch in epochs], name)
        if min(ratios) > LARGE_UPDATE:
            large.append(Finding("large updates", last.epoch, name, evidence))
        elif max(ratios) < SMALL_UPDATE and at_work:
            small.append(Finding("small updates", last.epoch, name, evidence))
    yield from [*large, *reversed(small)]


def loss_plateau(epochs: Epochs) -> Iterator[Finding]:
    """The cost of training no longer falls, and has not fallen much at all.

    Not while the learning rate is at the end of its schedule, where the cost is to settle.
    """
    last = epochs[-1]
    highest_rate = max(epoch.learning_rate for epoch in epochs)
    if len(epochs) <= FLAT_EPOCHS or last.learning_rate < 0.1 * highest_rate:
        return
    before = min(epoch.cost for epoch in epochs[:-FLAT_EPOCHS])
    now = min(epoch.cost for epoch in epochs[-FLAT_EPOCHS:])
    if now > (1 - FLAT) * before and now > LEARNED * epochs[0].cost:
        yield Finding(
            "loss plateau",
            last.epoch,
            "",
            f"in {FLAT_EPOCHS} epochs the cost went from {before:.4g} to {now:.4g}, "
            f"{epochs[0].cost:.4g} in the first",
        )


def overfitting(epochs: Epochs) -> Iterator[Finding]:
    """The validation cost rises from its lowest value while the training cost falls."""
    costs = [e.validation_cost for e in epochs if e.validation_cost is not None]
    if len(costs) < len(epochs) or len(epochs) <= RISING_EPOCHS:
        return
    best = int(np.argmin(costs))
    later = costs[-RISING_EPOCHS:]
    risen = max(RISEN * costs[best], MUCH * costs[0])
    if len(costs) - 1 - best < RISING_EPOCHS or min(later) < costs[best] + risen:
        return
    if epochs[-1].cost < epochs[best].cost:
        yield Finding(
            "overfitting",
            epochs[best].epoch,
            "",
            f"since then the validation cost rose from {costs[best]:.4g} to {costs[-1]:.4g} while "
            f"the cost of training fell from {epochs[best].cost:.4g} to {epochs[-1].cost:.4g}",
        )


def _last_two(measurements: Sequence[Mapping[str, float]], name: str) -> list[float]:
    """A measurement in the last two epochs that have it: not every epoch looks at every layer.

    In one alone a rule would see too little: then there is a NaN, which no limit admits.
    """
    found = [epoch[name] for epoch in measurements if name in epoch]
    return found[-2:] if len(found) > 1 else [np.nan]


def _largest_first(measurements: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(measurements.items(), key=lambda item: -item[1])


RULES: tuple[Callable[[Epochs], Iterator[Finding]], ...] = (
    vanishing_gradient,
    exploding_gradient,
    dead_relu,
    saturated_activation,
    update_ratio,
    loss_plateau,
    overfitting,
)
"""All rules for an epoch."""

CAUSES = {"exploding gradient": "vanishing gradient", "vanishing gradient": "small updates"}
"""By problem, another that it looks like from elsewhere: next to a gradient that has exploded every
other seems to have vanished, and what has no gradient is not changed."""


def diagnose(epochs: Epochs) -> list[Finding]:
    """What is wrong in the last of two epochs or more; nothing in the first, which begins badly
    in healthy networks too. Of each problem the worst layer comes first."""
    if len(epochs) < 2:
        return []
    found = [finding for rule in RULES for finding in rule(epochs)]
    problems = {finding.problem for finding in found}
    symptoms = {CAUSES[problem] for problem in CAUSES if problem in problems}
    return [finding for finding in found if finding.problem not in symptoms]


def divergence(measured: EpochMeasurements, layer: str) -> Finding:
    """Training has ended in numbers that are not finite.

    Args:
        measured: the epoch that was not completed.
        layer: whose gradient or weight is not finite; empty if none is.
    """
    norms = [norm for norm in measured.gradients.values() if np.isfinite(norm)]
    before = f", up to {max(norms):.2g} before" if norms else ""
    evidence = f"the numbers left the finite ones{before}; training ended"
    return Finding("exploding gradient", measured.epoch, layer, evidence)


def one_of_each(findings: Sequence[Finding]) -> list[Finding]:
    """One finding for each problem, which names the other layers that have it."""
    together = [list(same) for _, same in groupby(findings, key=lambda finding: finding.problem)]
    return [
        replace(worst, others=tuple(finding.layer for finding in others))
        for worst, *others in together
    ]

"""Concatenations as they were before an exporter made one of several.

Side by side, [[a, b], c] and [a, b, c] are the same, and exporters write the shorter one. But then
ways meet that did not begin at one place. Two patterns are undone:

    a dense block (Huang et al. 2017)   [x, a] is used, and later [x, a, b]: that is [[x, a], b]
    branches inside of a branch         [a, b, c] where a and b begin behind a layer that they
    share: that is [[a, b], c]
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from operator import and_, or_

from src.exchange.reading.steps import Step


def regroup(steps: Sequence[Step]) -> list[Step]:
    """The steps, with concatenations of concatenations where a pattern asks for them."""
    behind: dict[str, int] = {}  # of each value the steps that lead to it, a bit for each
    parts: dict[tuple[str, ...], str] = {}  # by what is side by side, the value that has it
    made: list[Step] = []

    def append(step: Step) -> None:
        before = [behind.get(name, 0) for name in step.inputs]
        behind[step.output] = reduce(or_, before, 1 << len(made))
        made.append(step)

    for step in steps:
        if step.join != "Concatenate":
            append(step)
            continue
        inputs = _shared_prefix(step.inputs, parts)
        parts.setdefault(step.inputs, step.output)
        inputs, inner = _shared_beginnings(step, inputs, behind)
        for one in (*inner, replace(step, inputs=inputs)):
            append(one)
    return made


def _shared_prefix(inputs: tuple[str, ...], parts: dict[tuple[str, ...], str]) -> tuple[str, ...]:
    """The longest beginning that stands side by side already, as one value."""
    for count in range(len(inputs) - 1, 1, -1):
        if inputs[:count] in parts:
            return (parts[inputs[:count]], *inputs[count:])
    return inputs


def _shared_beginnings(
    step: Step, inputs: tuple[str, ...], behind: dict[str, int]
) -> tuple[tuple[str, ...], list[Step]]:
    """Neighbours that come from a layer which none of the others needs, as one value."""
    before = [behind.get(name, 0) for name in inputs]
    everywhere = reduce(and_, before)
    own = [steps & ~everywhere for steps in before]
    groups: list[list[int]] = []
    for k in range(len(inputs)):
        if groups and any(own[k] & own[j] for j in groups[-1]):
            groups[-1].append(k)
        else:
            groups.append([k])
    if len(groups) in (1, len(inputs)):
        return inputs, []
    found: list[str] = []
    inner = []
    for group in groups:
        names = tuple(inputs[k] for k in group)
        if len(names) == 1:
            found += names
            continue
        inner.append(replace(step, inputs=names, output=f"{step.output}, from {group[0]} on"))
        found.append(inner[-1].output)
    return tuple(found), inner

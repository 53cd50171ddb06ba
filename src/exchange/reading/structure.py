"""Containers for layers that a graph names one by one.

Between a value that several layers take and the one place where all their ways meet again lie
branches. If they meet in a sum it is a ``Residual``, in a concatenation a ``Parallel``, in a
product with a number for each channel a ``SqueezeExcitation``; branches have branches inside. So a
network is found again as it was built, and everything that works on our containers works on it.
Where ways cross, what lies between the two places becomes a ``Graph``.
"""

from collections import abc

from src.classic_cnn.layers import GlobalAveragePool
from src.classic_nn.layers import (
    Graph,
    Join,
    Layer,
    Parallel,
    Residual,
    Sequential,
    SqueezeExcitation,
)
from src.classic_nn.layers.graph import INPUT, KINDS
from src.exchange.reading.steps import Step, refused
from src.load.errors import UnreadableDataError

MAX_DEPTH = 50
"""Branches inside of each other, at most."""


class Structure:
    """Makes containers of steps.

    Args:
        steps: each after those whose values it takes; all of them lead to the output.
        source: name of the input.
        output: name of the output.
    """

    def __init__(self, steps: abc.Sequence[Step], source: str, output: str) -> None:
        self._steps = steps
        self._places = {step.output: k for k, step in enumerate(steps)} | {source: -1}
        self._takers: dict[str, list[Step]] = {}
        for step in steps:
            for name in dict.fromkeys(step.inputs):
                self._takers.setdefault(name, []).append(step)
        self._source, self._output = source, output
        self._used: set[str] = set()
        self._depth = 0

    def network(self) -> Sequential:
        """The network. Raises UnreadableDataError for ways that no container joins."""
        layers = self._between(self._source, self._output)
        left = [step for step in self._steps if step.output not in self._used]
        if left:
            raise _crossing(left[0])
        return Sequential(layers or [Layer()])

    def _between(self, start: str, end: str) -> list[Layer]:
        """Layers from one value to another."""
        layers: list[Layer] = []
        value = start
        while value != end:
            region: set[str] | None = None
            takers = self._takers[value]
            if end != self._output and (len(takers) > 1 or takers[0].layer is None):
                region = self._region(value, end)
                takers = [step for step in takers if step.output in region]
            if len(takers) == 1 and takers[0].layer is not None:
                step = takers[0]
                layers.append(takers[0].layer)
            else:
                step = self._meeting(value, region)
                layers.append(self._joined(step, value))
            if step.output in self._used:
                raise _crossing(step)
            self._used.add(step.output)
            value = step.output
        return layers

    def _joined(self, join: Step, start: str) -> Layer:
        """A container for what lies between a value and a join; a graph where none fits."""
        used = set(self._used)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise refused(join.node, f"branches inside of {MAX_DEPTH} others are not supported")
        try:
            return self._container(join, start)
        except _CrossingError:
            self._used = used
        finally:
            self._depth -= 1
        return self._graph(join, start)  # what the attempt has made is gone, and its layers free

    def _graph(self, join: Step, start: str) -> Layer:
        """Everything between a value and a join, layers in a row as one."""
        region = self._region(start, join.output)
        inside = [step for step in self._steps if step.output in region]
        taken = [name for step in inside for name in step.inputs]
        layers: list[Layer] = []
        sources: list[list[int]] = []
        numbers = {start: INPUT}
        rows: dict[str, list[Layer]] = {}
        if self._used & (region - {join.output}):  # another branch has some of them
            raise _crossing(join)
        self._used |= region - {join.output}
        for step in inside:
            (first, *_) = step.inputs
            if step.layer is None:
                if step.join not in KINDS:
                    raise _crossing(step)
                layers.append(Join(step.join))
            elif first in rows and taken.count(first) == 1:  # goes on with the row
                rows[step.output] = rows.pop(first)
                rows[step.output].append(step.layer)
                numbers[step.output] = numbers[first]
                continue
            else:
                rows[step.output] = [step.layer]
                layers.append(step.layer)
            sources.append([numbers[name] for name in step.inputs])
            numbers[step.output] = len(layers) - 1
        for output, row in rows.items():
            if len(row) > 1:
                layers[numbers[output]] = Sequential(row)
        return Graph(layers, sources)

    def _region(self, start: str, end: str) -> set[str]:
        """Values on the ways from one value to another, without the first."""
        between = self._steps[self._places[start] + 1 : self._places[end] + 1]
        reached = {start}
        for step in between:
            if any(name in reached for name in step.inputs):
                reached.add(step.output)
        needed = {end}
        for step in reversed(between):
            if step.output in needed:
                needed.update(step.inputs)
        return (reached & needed) - {start}

    def _meeting(self, start: str, region: set[str] | None) -> Step:
        """The first join behind a value through which all ways lead; in a region, if one is given.

        Without one the ways are those to the output, to which every step leads.
        """

        def takers(name: str) -> int:
            found = self._takers.get(name, [])
            return len([step for step in found if region is None or step.output in region])

        waiting = {start: takers(start)}  # for how many layers each value is still needed
        waited_for = 1
        for step in self._steps[self._places[start] + 1 :]:
            if region is not None and step.output not in region:
                continue
            for name in dict.fromkeys(step.inputs):
                waiting[name] -= 1
                waited_for -= not waiting[name]
            if not waited_for:
                if step.join:
                    return step
                raise _crossing(step)
            waiting[step.output] = takers(step.output)
            waited_for += waiting[step.output] > 0
        raise _crossing(self._takers[start][0])

    def _container(self, join: Step, start: str) -> Layer:
        """The container whose branches end in a join."""
        if len(set(join.inputs)) < len(join.inputs):
            raise _crossing(join)
        branches = [self._between(start, name) for name in join.inputs]
        if join.join == "Concatenate":
            return Parallel([_as_one(layers) for layers in branches])
        long, short = sorted(branches, key=len, reverse=True)
        if join.join == "Add":
            body = Sequential(long)
            return Residual(body, _as_one(short)) if short else Residual(body)
        weights = branches[1]
        if branches[0] or not weights or not isinstance(weights[0], GlobalAveragePool):
            raise _crossing(join)
        return SqueezeExcitation(Sequential(weights[1:] or [Layer()]))


def _as_one(layers: list[Layer]) -> Layer:
    if len(layers) == 1:
        return layers[0]
    return Sequential(layers) if layers else Layer()


class _CrossingError(UnreadableDataError):
    """Ways meet that did not begin at one place."""


def _crossing(step: Step) -> _CrossingError:
    return _CrossingError(str(refused(step.node, "ways meet here that no container joins")))

"""What an optimizer is: a formula on vectors, with its memory in vectors of the same layout.

``step`` walks the parameter vector in blocks that stay in the processor's cache, because the
formula reads and writes each block several times and a vector of millions of values would travel
to memory and back every time. The formula itself, ``update``, knows nothing of blocks or layers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any, ClassVar

from src.classic_nn.array_types import Array
from src.classic_nn.parameters import ParameterVector
from src.common.checks import check_number

BLOCK = 1 << 17
"""Values in a block: 512 KiB in float32, so the arrays of Adam's formula about fill a second-level
cache of 2 MiB. In smaller blocks a call takes a few microseconds only, and several threads then
wait for Python's lock more than they compute: in blocks of 16 KiB two are slower than one."""

SMALL = 1 << 13
"""Values below which a formula's passes stay in the first-level cache: NumPy is as fast there."""

ParallelFor = Callable[[Callable[[int, int], None], int], None]
"""``parallel_for(task, total)`` runs ``task(start, stop)`` for ranges that divide range(total)."""


def serial_for(task: Callable[[int, int], None], total: int) -> None:
    """The parallel_for of a single thread."""
    task(0, total)


@dataclass
class Optimizer:
    """Base of the optimizers.

    A subclass is a dataclass of hyperparameters; it names its state vectors in ``slots`` and
    writes its formula in ``update``.

    Args:
        learning_rate: step size; a schedule may change it between steps.

    Attributes:
        step_count: steps taken so far; t in the formulas.
        state: one ParameterVector a slot, with the names of the parameters.
        rate_factors: by beginnings of names of parameters, what the learning rate is multiplied by
            for these; the longest beginning decides, and without one the factor is 1.
    """

    slots: ClassVar[tuple[str, ...]] = ()

    learning_rate: float = 0.01
    step_count: int = field(init=False, default=0, repr=False)
    state: dict[str, ParameterVector] = field(init=False, default_factory=dict, repr=False)
    rate_factors: dict[str, float] = field(init=False, default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        check_number("learning_rate", self.learning_rate, above=0)
        for name in ("beta", "beta1", "beta2"):
            check_number(name, getattr(self, name, 0.0), 0, below=1)
        check_number("epsilon", getattr(self, "epsilon", 1.0), above=0)
        check_number("weight_decay", getattr(self, "weight_decay", 0.0), 0)

    def step(
        self,
        parameters: ParameterVector,
        gradients: ParameterVector,
        parallel_for: ParallelFor = serial_for,
    ) -> None:
        """Take one step: change the parameters in place; the gradients stay as they are.

        Args:
            parameters: of the network.
            gradients: of the same layout.
            parallel_for: divides the vector among threads; every value is updated by itself, so the
                result does not depend on how.
        """
        if not self.state:
            self.state = {slot: parameters.zeros_like() for slot in self.slots}
        self.step_count += 1
        vectors = [
            parameters.vector,
            gradients.vector,
            *(self.state[slot].vector for slot in self.slots),
        ]

        def update_range(start: int, stop: int, begin: int = 0) -> None:
            for first in range(begin + start, begin + stop, BLOCK):
                block = slice(first, min(first + BLOCK, begin + stop))
                self.update(*[vector[block] for vector in vectors])

        if not self.rate_factors:
            parallel_for(update_range, parameters.vector.size)
            return
        rate = self.learning_rate
        try:
            for begin, end, factor in self.rate_ranges(parameters):
                self.learning_rate = rate * factor
                parallel_for(partial(update_range, begin=begin), end - begin)
        finally:
            self.learning_rate = rate

    def rate_factor(self, name: str) -> float:
        """What the learning rate is multiplied by for a parameter."""
        begins = [begin for begin in self.rate_factors if name.startswith(begin)]
        return self.rate_factors[max(begins, key=len)] if begins else 1.0

    def rate_ranges(self, parameters: ParameterVector) -> list[tuple[int, int, float]]:
        """Ranges of the vector, from start to stop, that have one factor each."""
        ranges: list[tuple[int, int, float]] = []
        start = 0
        for name, array in parameters.items():
            stop, factor = start + array.size, self.rate_factor(name)
            if ranges and ranges[-1][2] == factor:
                start = ranges.pop()[0]
            ranges.append((start, stop, factor))
            start = stop
        return ranges

    def forget(self) -> None:
        """Begin anew: with parameters of another layout, whose moments are not known."""
        self.step_count, self.state = 0, {}

    def update(self, theta: Array, g: Array, *slots: Array) -> None:
        """Apply the formula in place to a block.

        Args:
            theta: (block,), parameters.
            g: (block,), gradients.
            slots: (block,) each, state vectors in the order of ``slots``.
        """
        raise NotImplementedError

    def settings(self) -> dict[str, Any]:
        """Hyperparameters as plain values."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.init}

    def state_arrays(self) -> dict[str, Array]:
        """Copies of the state under "slot/parameter" names, for a checkpoint."""
        return {
            f"{slot}/{name}": array.copy()
            for slot, vector in self.state.items()
            for name, array in vector.items()
        }

    def load_state(
        self, arrays: Mapping[str, Array], step_count: int, parameters: ParameterVector
    ) -> None:
        """Continue from ``state_arrays`` of an optimizer of the same kind.

        Raises ValueError where a state array is missing or has another shape.
        """
        self.step_count = step_count
        self.state = {slot: parameters.zeros_like() for slot in self.slots if step_count}
        for slot, vector in self.state.items():
            for name, array in vector.items():
                saved = arrays.get(f"{slot}/{name}")
                if saved is None or saved.shape != array.shape:
                    got = "nothing" if saved is None else f"shape {saved.shape}"
                    raise ValueError(
                        f"{type(self).__name__} needs state {slot}/{name} of shape {array.shape}, "
                        f"got {got}"
                    )
                array[...] = saved

"""Learning-rate schedules: the rate as a function of the epoch.

A schedule is called with the time in epochs, counted from 0 and fractional within an epoch, and
returns the learning rate. The decays change once an epoch and ignore the fraction; ``Cosine``
uses it. Only ``ReduceLROnPlateau`` has a memory.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from src.common.checks import check_number
from src.common.lookup import create


@dataclass
class Schedule:
    """Base of the schedules, and the constant one.

    Args:
        learning_rate: the rate at epoch 0.
    """

    learning_rate: float

    def __post_init__(self) -> None:
        check_number("learning_rate", self.learning_rate, above=0)

    def __call__(self, epoch: float) -> float:
        """Learning rate at the given time, in epochs from the start of training."""
        return self.learning_rate

    def observe(self, cost: float) -> None:
        """Hear the validation cost at the end of an epoch; most schedules don't care."""

    def state(self) -> dict[str, Any]:
        """What must be saved to continue; empty for a schedule without memory."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue from ``state``."""


@dataclass
class StandardDecay(Schedule):
    """learning_rate / (1 + rate * epoch).

    >>> [StandardDecay(0.2, rate=1)(epoch) for epoch in (0, 1, 3)]
    [0.2, 0.1, 0.05]
    """

    rate: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("rate", self.rate, 0)

    def __call__(self, epoch: float) -> float:
        """Falls fast at first, then ever more slowly."""
        return self.learning_rate / (1 + self.rate * math.floor(epoch))


@dataclass
class ExponentialDecay(Schedule):
    """learning_rate * base^epoch."""

    base: float = 0.95

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("base", self.base, maximum=1, above=0)

    def __call__(self, epoch: float) -> float:
        """Falls by the same factor every epoch."""
        return float(self.learning_rate * self.base ** math.floor(epoch))


@dataclass
class StepDecay(Schedule):
    """learning_rate * factor^floor(epoch / every): one drop every so many epochs.

    >>> [StepDecay(1.0, factor=0.5, every=2)(epoch) for epoch in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    factor: float = 0.5
    every: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("factor", self.factor, maximum=1, above=0)
        check_number("every", self.every, 1, whole=True)

    def __call__(self, epoch: float) -> float:
        """A regular staircase."""
        return float(self.learning_rate * self.factor ** (math.floor(epoch) // self.every))


@dataclass
class DiscreteDecay(Schedule):
    """A staircase with steps at chosen epochs: learning_rate * factors[k] from boundaries[k] on.

    >>> schedule = DiscreteDecay(1.0, boundaries=(2, 4), factors=(0.3, 0.1))
    >>> [schedule(epoch) for epoch in range(5)]
    [1.0, 1.0, 0.3, 0.3, 0.1]
    """

    boundaries: tuple[int, ...] = (15, 25)
    factors: tuple[float, ...] = (0.1, 0.01)

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.boundaries) != len(self.factors) or sorted(self.boundaries) != list(
            self.boundaries
        ):
            raise ValueError(
                "discrete decay needs one factor for each boundary, boundaries in order; "
                f"got boundaries {self.boundaries} and factors {self.factors}"
            )
        for factor in self.factors:
            check_number("factor", factor, above=0)

    def __call__(self, epoch: float) -> float:
        """The factor of the last boundary that has passed."""
        passed = sum(epoch >= boundary for boundary in self.boundaries)
        return self.learning_rate * (1.0, *self.factors)[passed]


@dataclass
class Cosine(Schedule):
    """Half a cosine wave from learning_rate to minimum, after a linear warm-up.

        rate = learning_rate * epoch / warmup                                       epoch < warmup
        rate = minimum + (learning_rate - minimum) * (1 + cos(pi * progress)) / 2   then

    with progress = (epoch - warmup) / (epochs - warmup) (Loshchilov and Hutter 2017, eq. 5,
    without restarts). During warm-up the rate starts from a hundredth instead of 0, so that the
    first step is one.

    Args:
        learning_rate: the highest rate, reached at the end of the warm-up.
        epochs: length of training.
        warmup: length of the warm-up in epochs.
        minimum: the rate at the end.
    """

    epochs: float = 30
    warmup: float = 0
    minimum: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("epochs", self.epochs, above=0)
        check_number("warmup", self.warmup, 0)
        check_number("minimum", self.minimum, 0, self.learning_rate)

    def __call__(self, epoch: float) -> float:
        """Changes with every step."""
        if epoch < self.warmup:
            return self.learning_rate * max(epoch / self.warmup, 0.01)
        progress = (epoch - self.warmup) / max(self.epochs - self.warmup, 1e-12)
        wave = (1 + math.cos(math.pi * min(progress, 1.0))) / 2
        return self.minimum + (self.learning_rate - self.minimum) * wave


@dataclass
class ReduceLROnPlateau(Schedule):
    """Multiply the rate by ``factor`` when the validation cost stops falling.

    An epoch is an improvement if its cost is below best * (1 - threshold). After more than
    ``patience`` epochs in a row without one, the rate falls, down to ``min_lr`` (the rule of
    PyTorch's scheduler of this name, in its relative mode; like there, a reduction starts the
    count anew).

    Args:
        learning_rate: the rate at the start.
        factor: what the rate is multiplied by.
        patience: epochs without improvement before the rate falls; 0 reduces after the first.
        min_lr: the rate never falls below it.
        threshold: relative improvement that counts.
    """

    factor: float = 0.1
    patience: int = 10
    min_lr: float = 0.0
    threshold: float = 1e-4
    current: float = field(init=False, repr=False)
    best: float = field(init=False, default=math.inf, repr=False)
    bad_epochs: int = field(init=False, default=0, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("factor", self.factor, above=0, below=1)
        check_number("patience", self.patience, 0, whole=True)
        check_number("min_lr", self.min_lr, 0)
        check_number("threshold", self.threshold, 0)
        self.current = self.learning_rate

    def __call__(self, epoch: float) -> float:
        """The rate as of the costs observed so far."""
        return self.current

    def observe(self, cost: float) -> None:
        """Compare the cost with the best one and reduce the rate if it is time."""
        improved = cost < self.best - abs(self.best) * self.threshold or math.isinf(self.best)
        self.best = min(self.best, cost) if improved else self.best
        self.bad_epochs = 0 if improved else self.bad_epochs + 1
        if self.bad_epochs > self.patience:
            self.current = max(self.current * self.factor, self.min_lr)
            self.bad_epochs = 0

    def state(self) -> dict[str, Any]:
        """Current rate, best cost, epochs since."""
        best = None if math.isinf(self.best) else self.best
        return {"current": self.current, "best": best, "bad_epochs": self.bad_epochs}

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue from ``state``."""
        self.current = state["current"]
        self.best = math.inf if state["best"] is None else state["best"]
        self.bad_epochs = state["bad_epochs"]


SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Schedule,
    "standard": StandardDecay,
    "exponential": ExponentialDecay,
    "step": StepDecay,
    "discrete": DiscreteDecay,
    "cosine": Cosine,
    "plateau": ReduceLROnPlateau,
}
"""Schedule classes by the names that a user types."""


def create_schedule(name: str, **settings: Any) -> Schedule:
    """Make a schedule by name; ValueError for an unknown name or setting.

    >>> create_schedule("exponential", learning_rate=1.0, base=0.5)(3)
    0.125
    """
    return create("schedule", name, SCHEDULES, settings)

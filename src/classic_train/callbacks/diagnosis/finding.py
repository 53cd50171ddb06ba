"""One thing that is wrong: what, where, when, and what usually helps."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

NAMED = 3
"""Other layers that are named; of more, the number is given."""


@dataclass(frozen=True)
class Finding:
    """A problem of training.

    Attributes:
        problem: its name, one of the keys of ``ADVICE``.
        epoch: in which it was found; 0 for one that was there before training.
        layer: the layer or parameter that has it; empty where it is the whole network's.
        evidence: the measurement that shows it, with what it is compared to.
        others: layers that were found to have it too, less than this one.
    """

    problem: str
    epoch: int
    layer: str
    evidence: str
    others: tuple[str, ...] = ()

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """A finding from its fields in a checkpoint; in older ones the problem had another name."""
        names = {field.name for field in fields(cls)}
        values = {name if name in names else "problem": value for name, value in state.items()}
        return cls(**values | {"others": tuple(values["others"])})

    @property
    def advice(self) -> str:
        """What usually helps."""
        return ADVICE[self.problem]

    def __str__(self) -> str:
        """One line."""
        when = f"epoch {self.epoch}" if self.epoch else "data"
        where = f" in {self.layer}" if self.layer else ""
        return (
            f"{when}: {self.problem}{where}: {self.evidence}{self._others()}. "
            f"What usually helps: {self.advice}"
        )

    def _others(self) -> str:
        named = ", ".join(self.others[:NAMED])
        more = len(self.others) - NAMED
        return f"; also in {named}{f' and {more} more' if more > 0 else ''}" if named else ""


ADVICE = {
    "vanishing gradient": "ReLU instead of sigmoid or tanh, He initialization, batch "
    "normalization, shortcuts (Residual), fewer layers",
    "exploding gradient": "a lower learning rate, a limit for the gradient (--clip-norm 1), He or "
    "Xavier initialization, batch normalization",
    "dead ReLU": "a lower learning rate, He initialization, leaky ReLU, batch normalization",
    "saturated activation": "smaller first weights (Xavier), normalized inputs, batch "
    "normalization, ReLU",
    "large updates": "a lower learning rate, or warming up",
    "small updates": "a higher learning rate, or another optimizer (adam)",
    "loss plateau": "another learning rate (ten times lower, ten times higher), a larger network, "
    "less regularization, a look at the labels; or the end of training",
    "overfitting": "the weights of that epoch (--keep best), early stopping (--patience), more "
    "data or augmentation, dropout, L2, a smaller network",
    "label imbalance": "metrics by class instead of accuracy, weights for samples of rare classes "
    "or a higher --miss-weight, more samples of them",
}
"""By problem, in one line."""

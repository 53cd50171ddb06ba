"""What is behind one number: the terms of its sum, or the steps of its formula."""

from dataclasses import dataclass

import numpy as np

from src.classic_nn.array_types import Array


@dataclass(frozen=True)
class Source:
    """Where the terms of a sum come from: a box in the output of a node.

    Attributes:
        path: of the node.
        start: first place along each axis; of pixels it may lie before the image, in the padding.
        step: from one to the next.
        shape: how many there are along each axis, which is the shape of the factors.
    """

    path: str
    start: tuple[int, ...]
    step: tuple[int, ...]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Opened:
    """One number, opened.

    Attributes:
        formula: in symbols.
        value: as the library has it.
        names: of the factors, ("x", "w"); empty where there are none.
        factors: arrays of one shape, which are multiplied element by element and summed.
        addends: what is added to the sum, by name: the bias.
        steps: numbers on the way to the value, in order, by name; the last is the value.
        source: where the first factor comes from.
        winner: place of the one term that counts, in pooling by the largest.
        others: further sums that are added, of other operations that take the same number.
    """

    formula: str
    value: float
    names: tuple[str, ...] = ()
    factors: tuple[Array, ...] = ()
    addends: tuple[tuple[str, float], ...] = ()
    steps: tuple[tuple[str, float], ...] = ()
    source: Source | None = None
    winner: tuple[int, ...] | None = None
    others: tuple["Opened", ...] = ()

    @property
    def products(self) -> Array:
        """The terms, in float64."""
        found = np.ones(())
        for factor in self.factors:
            found = found * factor.astype(np.float64)
        return found

    @property
    def total(self) -> float:
        """What terms and addends add up to, or the last step: the value, but for rounding."""
        rest = sum(other.total for other in self.others)
        if self.steps:
            return self.steps[-1][1] + rest
        products = self.products
        if self.winner is not None:
            return float(products[self.winner]) + rest
        own = float(products.sum()) if self.factors else 0.0
        return own + sum(value for _, value in self.addends) + rest

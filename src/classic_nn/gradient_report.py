"""What a gradient check found, as data and as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from src.classic_nn.array_types import Shape
from src.common.tables import format_table


@dataclass(frozen=True)
class GradientCheck:
    """Result for one array.

    Attributes:
        name: the parameter or input.
        shape: its shape.
        checked: number of values checked one by one.
        largest: largest derivative found by finite differences, in magnitude.
        error: largest difference from the backward pass, in magnitude.
        tolerance: the difference that would still have passed.
    """

    name: str
    shape: Shape
    checked: int
    largest: float
    error: float
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether the error is within the tolerance (a NaN is not)."""
        return self.error <= self.tolerance

    @property
    def verdict(self) -> str:
        """ "ok", "WRONG", or "zero" where the gradient is no larger than the rounding errors."""
        if not self.passed:
            return "WRONG"
        return "zero" if self.largest <= self.tolerance else "ok"


@dataclass(frozen=True)
class GradientReport:
    """Results for all arrays of a function, layer or network; prints as a table."""

    checks: Sequence[GradientCheck]

    @property
    def passed(self) -> bool:
        """Whether every array passed."""
        return all(check.passed for check in self.checks)

    def __str__(self) -> str:
        header = ("array", "shape", "checked", "largest", "error", "relative", "")
        rows = [
            (
                check.name,
                str(check.shape),
                f"{check.checked} of {int(np.prod(check.shape))}",
                f"{check.largest:.2e}",
                f"{check.error:.2e}",
                f"{check.error / check.largest if check.largest else check.error:.1e}",
                check.verdict,
            )
            for check in self.checks
        ]
        return format_table([header, *rows], left_columns=2)

    def raise_if_failed(self) -> None:
        """Raise AssertionError with the table if an array failed."""
        if not self.passed:
            raise AssertionError(f"the backward pass disagrees with finite differences:\n{self}")

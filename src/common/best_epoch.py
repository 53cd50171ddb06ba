"""Which epoch is the best: the one computation of it, during training and afterwards."""

from collections.abc import Mapping

MODES = ("min", "max")


class BestEpoch:
    """The epoch with the lowest, or highest, value so far; of equal ones the first. NaN never wins.

    Args:
        mode: "min" or "max", what is better.

    Attributes:
        epoch: the best epoch so far, 0 before the first.
        value: its value.

    Raises:
        ValueError: another mode.
    """

    def __init__(self, mode: str = "min") -> None:
        if mode not in MODES:
            raise ValueError(f"mode must be 'min' or 'max', got {mode!r}")
        self.mode = mode
        self.epoch = 0
        self.value = float("inf") if mode == "min" else float("-inf")

    def update(self, epoch: int, value: float) -> bool:
        """Hear the value of an epoch; True if it is the best so far."""
        better = value < self.value if self.mode == "min" else value > self.value
        if better:
            self.epoch, self.value = epoch, value
        return better

    def state(self) -> dict[str, float]:
        """Best epoch and its value; empty before the first epoch."""
        return {"epoch": self.epoch, "value": self.value} if self.epoch else {}

    def load_state(self, state: Mapping[str, float]) -> None:
        """Continue from ``state``."""
        if state:
            self.epoch, self.value = int(state["epoch"]), float(state["value"])


def best_epoch(values: Mapping[int, float], mode: str = "min") -> int:
    """The best of all epochs, by the value of each; 0 where none has a number.

    >>> best_epoch({1: 0.5, 2: float("nan"), 3: 0.25, 4: 0.25})
    3
    """
    best = BestEpoch(mode)
    for epoch, value in values.items():
        best.update(epoch, value)
    return best.epoch

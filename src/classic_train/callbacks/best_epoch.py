"""Which epoch was the best so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from src.classic_train.mini_batch.trainer import MiniBatchTrainer


class BestEpoch:
    """Follows one figure of the epochs' records.

    Args:
        monitor: name in the record, for example "validation_cost"; where the record has no such
            figure (no validation data) the training cost stands in.
        mode: "min" or "max", what is better.

    Attributes:
        epoch: the best epoch so far, 0 before the first.
        value: its figure.

    Raises:
        ValueError: another mode.
    """

    def __init__(self, monitor: str = "validation_cost", mode: str = "min") -> None:
        if mode not in ("min", "max"):
            raise ValueError(f"mode must be 'min' or 'max', got {mode!r}")
        self.monitor = monitor
        self.mode = mode
        self.epoch = 0
        self.value = float("inf") if mode == "min" else float("-inf")

    def update(self, trainer: MiniBatchTrainer) -> bool:
        """Look at the epoch that ended; True if it is the best so far."""
        value = trainer.record.get(self.monitor, trainer.record["cost"])
        better = value < self.value if self.mode == "min" else value > self.value
        if better:
            self.epoch, self.value = trainer.epoch, value
        return better

    def state(self) -> dict[str, float]:
        """Best epoch and figure; empty before the first epoch."""
        return {"epoch": self.epoch, "value": self.value} if self.epoch else {}

    def load_state(self, state: dict[str, float]) -> None:
        """Continue from ``state``."""
        if state:
            self.epoch, self.value = int(state["epoch"]), float(state["value"])

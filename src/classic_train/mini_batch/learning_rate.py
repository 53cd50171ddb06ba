"""The learning rate as a callback: a schedule sets it, the validation cost may change it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from src.classic_nn.array_types import Array
from src.classic_nn.schedules import Schedule
from src.classic_train.mini_batch.callback import Callback, Training


class LearningRate(Callback):
    """Sets the optimizer's learning rate before every mini-batch.

    Args:
        schedule: called with the time in epochs; given the validation cost (the training cost
            where there is none) after each epoch.
    """

    name = "schedule"

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule

    def on_batch_begin(self, trainer: Training) -> None:
        """Ask the schedule."""
        time = trainer.epoch - 1 + trainer.batch / trainer.batches
        trainer.optimizer.learning_rate = self.schedule(time)

    def on_epoch_end(self, trainer: Training) -> None:
        """Tell the schedule how it went."""
        self.schedule.observe(trainer.record.get("validation_cost", trainer.record["cost"]))

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """The schedule's memory."""
        return {}, self.schedule.state()

    def load_state(self, arrays: Mapping[str, Array], metadata: Mapping[str, Any]) -> None:
        """Continue the schedule."""
        if metadata:
            self.schedule.load_state(dict(metadata))

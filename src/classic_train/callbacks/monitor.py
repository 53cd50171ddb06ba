"""Following one value of the epochs' records: that by which the best epoch is chosen."""

from src.classic_train.mini_batch.callback import Training
from src.common.best_epoch import BestEpoch
from src.common.lookup import lookup


class Monitor(BestEpoch):
    """The best epoch by one value of the records.

    Args:
        name: of the value, for example "validation_cost"; without validation data the training
            cost stands in for it.
        mode: "min" or "max", what is better.

    Raises:
        ValueError: another mode.
    """

    def __init__(self, name: str = "validation_cost", mode: str = "min") -> None:
        super().__init__(mode)
        self.name = name

    def check(self, trainer: Training) -> None:
        """Raise ValueError, with the nearest names, where the records will have no such value."""
        if self.name != "validation_cost":
            lookup("monitor", self.name, dict.fromkeys(trainer.record_names))

    def see(self, trainer: Training) -> bool:
        """Look at the epoch that ended; True if it is the best so far."""
        name = self.name if self.name in trainer.record else "cost"
        return self.update(trainer.epoch, trainer.record[name])

"""Early stopping (Prechelt 1998): stop when validation stops improving, keep the best weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from src.classic_nn.array_types import Array
from src.classic_nn.serialization import load_network_arrays, trained_arrays
from src.classic_train.callbacks.monitor import Monitor
from src.classic_train.mini_batch.callback import Callback, Training


class EarlyStopping(Callback):
    """Stops after ``patience`` epochs without improvement and restores the best epoch's weights.

    The best weights are restored when training ends in any orderly way, also when it was not
    stopped early.

    Args:
        patience: epochs in a row without improvement after which training stops; None never
            stops early.
        monitor: name of the value in the epochs' records that decides; a name that they do not
            have is a ValueError when training begins.
        mode: "min" or "max", what is better.
        restore_best: whether to end with the weights of the best epoch.
    """

    name = "early_stopping"

    def __init__(
        self,
        patience: int | None = 10,
        monitor: str = "validation_cost",
        mode: str = "min",
        restore_best: bool = True,
    ) -> None:
        self.patience = patience
        self.best = Monitor(monitor, mode)
        self.restore_best = restore_best
        self._best_arrays: dict[str, Array] = {}

    def on_fit_begin(self, trainer: Training) -> None:
        """Check the monitor's name; a resumed run may have lost its patience already."""
        self.best.check(trainer)
        self._stop_when_patience_is_over(trainer)

    def on_epoch_end(self, trainer: Training) -> None:
        """Keep a copy of the best weights; ask the trainer to stop when patience is over."""
        if self.best.see(trainer) and self.restore_best:
            self._best_arrays = {
                name: array.copy() for name, array in trained_arrays(trainer.network).items()
            }
        self._stop_when_patience_is_over(trainer)

    def _stop_when_patience_is_over(self, trainer: Training) -> None:
        waited = trainer.epoch - self.best.epoch
        if self.patience is not None and self.best.epoch and waited >= self.patience:
            trainer.stop_reason = (
                f"no better {self.best.name} since epoch {self.best.epoch} "
                f"(patience {self.patience})"
            )

    def on_fit_end(self, trainer: Training) -> None:
        """Put the best weights back."""
        if self.restore_best and self._best_arrays:
            load_network_arrays(trainer.network, self._best_arrays, trained_arrays(trainer.network))

    def on_unfreeze(self, trainer: Training, arrays: Mapping[str, Array]) -> None:
        """The best epoch so far had these values in the layers that are trained from now on."""
        if self._best_arrays:
            self._best_arrays |= {name: array.copy() for name, array in arrays.items()}

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """The best epoch and its weights."""
        return self._best_arrays, self.best.state()

    def load_state(self, arrays: Mapping[str, Array], metadata: Mapping[str, Any]) -> None:
        """Continue from ``state``."""
        self._best_arrays = dict(arrays)
        self.best.load_state(metadata)

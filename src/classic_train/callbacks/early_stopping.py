"""Early stopping (Prechelt 1998): stop when validation stops improving, keep the best weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from src.classic_nn.array_types import Array
from src.classic_nn.serialization import load_network_arrays, network_arrays
from src.classic_train.callbacks.base import Callback
from src.classic_train.callbacks.best_epoch import BestEpoch

if TYPE_CHECKING:
    from src.classic_train.mini_batch.trainer import MiniBatchTrainer


class EarlyStopping(Callback):
    """Stops after ``patience`` epochs without improvement and restores the best epoch's weights.

    The best weights are restored when training ends in any orderly way, also when it was not
    stopped early.

    Args:
        patience: epochs in a row without improvement after which training stops; None never
            stops early.
        monitor: figure of the epoch's record that decides.
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
        self.best = BestEpoch(monitor, mode)
        self.restore_best = restore_best
        self._kept: dict[str, Array] = {}

    def on_fit_begin(self, trainer: MiniBatchTrainer) -> None:
        """A resumed run may have lost its patience already."""
        self._stop_when_patience_is_over(trainer)

    def on_epoch_end(self, trainer: MiniBatchTrainer) -> None:
        """Keep a copy of the best weights; ask the trainer to stop when patience is over."""
        if self.best.update(trainer) and self.restore_best:
            self._kept = {
                name: array.copy() for name, array in network_arrays(trainer.network).items()
            }
        self._stop_when_patience_is_over(trainer)

    def _stop_when_patience_is_over(self, trainer: MiniBatchTrainer) -> None:
        waited = trainer.epoch - self.best.epoch
        if self.patience is not None and self.best.epoch and waited >= self.patience:
            trainer.stop_reason = (
                f"no better {self.best.monitor} since epoch {self.best.epoch} "
                f"(patience {self.patience})"
            )

    def on_fit_end(self, trainer: MiniBatchTrainer) -> None:
        """Put the best weights back."""
        if self.restore_best and self._kept:
            load_network_arrays(trainer.network, self._kept)

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """The best epoch and its weights."""
        return self._kept, self.best.state()

    def load_state(self, arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> None:
        """Continue from ``state``."""
        self._kept = dict(arrays)
        self.best.load_state(dict(facts))

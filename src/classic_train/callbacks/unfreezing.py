"""Gradual unfreezing (Howard and Ruder 2018, section 3.3): from some epoch on, more is trained."""

from __future__ import annotations

from collections.abc import Mapping

from src.classic_train.mini_batch import MiniBatchTrainer
from src.classic_train.mini_batch.callback import Callback, Training


class Unfreezing(Callback):
    """Trains layers from an epoch on that are frozen until then.

    What is trained follows from the epoch alone, so that a resumed run trains what the
    uninterrupted one would.

    Args:
        plan: the epoch, counted from 1, from which on a layer of the network is trained, by name;
            with it, all that come after.
    """

    order = -100  # before all others, which see what is trained in the epoch

    def __init__(self, plan: Mapping[str, int]) -> None:
        self.plan = dict(plan)

    def on_epoch_begin(self, trainer: Training) -> None:
        """Unfreeze what this epoch is the first, or a later one, for."""
        self.apply(trainer, trainer.epoch)

    def apply(self, trainer: Training, epoch: int) -> None:
        """Train what is trained in an epoch."""
        assert isinstance(trainer, MiniBatchTrainer)
        names = [layer.name for layer in trainer.network.layers]
        for name, first in self.plan.items():
            if epoch < first:
                continue
            after = trainer.network.layers[names.index(name) :]
            frozen = [layer.name for layer in after if not layer.trainable]
            if frozen:
                trainer.unfreeze(*frozen)

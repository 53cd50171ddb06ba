"""The mini-batch trainer with Adam as its optimizer."""

from typing import Any

from src.classic_nn.layers.sequential import Sequential
from src.classic_nn.loss.base import Loss
from src.classic_nn.optimizers import Adam
from src.classic_train.mini_batch.trainer import MiniBatchTrainer


class TrainerWithAdam(MiniBatchTrainer):
    """``MiniBatchTrainer`` with Adam.

    Args:
        network: built; trained in place.
        loss: what is minimized.
        learning_rate: Adam's step size.
        beta1: fraction of the old mean gradient that remains.
        beta2: fraction of the old mean square that remains.
        epsilon: added to the root of the corrected mean square.
        settings: those of ``MiniBatchTrainer``, by name.
    """

    def __init__(
        self,
        network: Sequential,
        loss: Loss,
        learning_rate: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        **settings: Any,
    ) -> None:
        super().__init__(network, loss, Adam(learning_rate, beta1, beta2, epsilon), **settings)

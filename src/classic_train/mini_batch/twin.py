"""Training where another library computes: the loop, data and callbacks are those of the NumPy
trainer, and weights lie in the other library until somebody looks at them.
"""

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.layers.sequential import Sequential
from src.classic_nn.loss.base import Loss
from src.classic_nn.optimizers import Optimizer
from src.classic_nn.parameters import ParameterVector
from src.classic_nn.utils.eval import evaluate_logits
from src.classic_train.mini_batch.batches import Batches
from src.classic_train.mini_batch.evaluate import ValidationResult
from src.classic_train.mini_batch.trainer import MiniBatchTrainer

TOGETHER = 256
"""Validation samples that go through the network together."""


class TwinTrainer(MiniBatchTrainer):
    """Trains a network of ours in another library, which has a twin of it.

    A subclass says how the twin is made, computes and is copied, and overrides ``_train_batch``.
    That calls ``_update_twin`` before the forward pass and before the optimizer's step, as
    callbacks may have changed weights, and sets ``_gradients_are_new`` and ``_network_is_new`` to
    False when the twin has others.

    Args:
        network: built; it has the trained weights whenever it is looked at.
        loss: what is minimized.
        optimizer: ours, whose settings and learning rate the other library's takes.
        settings: of ``MiniBatchTrainer``; workers are the other library's own.
    """

    def __init__(
        self, network: Sequential, loss: Loss, optimizer: Optimizer, **settings: Any
    ) -> None:
        self._network_is_new = self._gradients_are_new = True
        self._network_was_seen = False
        super().__init__(network, loss, optimizer, **{**settings, "workers": 1, "overlap": False})
        self._renew()

    @abstractmethod
    def _make_twin(self) -> None:
        """Make the other library's network and optimizer, with the weights of ours."""

    @abstractmethod
    def _copy_to_twin(self) -> None:
        """Copy the weights of ``_network`` to the twin."""

    @abstractmethod
    def _copy_from_twin(self) -> None:
        """Copy the weights of the twin to ``_network``."""

    @abstractmethod
    def _copy_gradients(self) -> None:
        """Copy the gradients of the mini-batch to ``_gradients``."""

    @abstractmethod
    def _copy_optimizer_from_twin(self) -> None:
        """Copy the state of the twin's optimizer to ours."""

    @abstractmethod
    def _copy_optimizer_to_twin(self) -> None:
        """Copy the state of our optimizer, which has taken steps before, to the twin's."""

    @abstractmethod
    def _logits(self, x: Array) -> Array:
        """Outputs for samples in evaluation mode."""

    @property
    def network(self) -> Sequential:
        """The network, with the weights that the twin has now; who looks may change them."""
        if not self._network_is_new:
            self._copy_from_twin()
            self._network_is_new = True
        self._network_was_seen = True
        return self._network

    @network.setter
    def network(self, network: Sequential) -> None:
        self._network = network

    @property
    def gradients(self) -> ParameterVector:
        """Those of the current mini-batch, by the names of the network's parameters."""
        if not self._gradients_are_new:
            self._copy_gradients()
            self._gradients_are_new = True
        return self._gradients

    @gradients.setter
    def gradients(self, gradients: ParameterVector) -> None:
        self._gradients = gradients

    def _renew(self) -> None:
        self._make_twin()
        if self.optimizer.step_count:
            self._copy_optimizer_to_twin()
        self._network_is_new = self._gradients_are_new = True

    def _update_twin(self) -> None:
        """Give the twin the weights of ours where somebody may have changed them."""
        if self._network_was_seen:
            assert self._network_is_new  # what is copied would undo a step
            self._copy_to_twin()
            self._network_was_seen = False

    def _validate(self, validation: Batches) -> ValidationResult:
        """Outputs by the twin in evaluation mode; what is made of them is ours."""
        self._update_twin()
        batches = []
        with closing(validation.epoch(0)) as epoch:
            for x, *others in epoch:
                parts = range(0, len(x), TOGETHER)
                z = [self._logits(x[k : k + TOGETHER]) for k in parts]
                batches.append([np.concatenate(z), *others])
        logits, y, *weights = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
        values = evaluate_logits(logits, self.loss, y, self.metrics, *weights)
        return ValidationResult(values, logits, y)

    def unfreeze(self, *names: str) -> None:
        """Train layers from now on that were frozen; the optimizer begins anew."""
        assert self.network  # copied over
        super().unfreeze(*names)
        self._renew()

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Everything that a resumed run needs, here or with NumPy.

        Moments are rounded when they become those of our optimizer, which keeps other multiples of
        them. The twin goes on with what a resumed run will read, so both take the same way to the
        last bit.
        """
        if self.optimizer.step_count:
            self._copy_optimizer_from_twin()
            self._copy_optimizer_to_twin()
        return super().state()

    def load_state(self, arrays: Mapping[str, Array], metadata: Mapping[str, Any]) -> None:
        """Continue from a state, this trainer's or NumPy's."""
        super().load_state(arrays, metadata)
        self._renew()

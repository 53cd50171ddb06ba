"""Watching training for its problems; see ``src.classic_train.callbacks.diagnosis``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import takewhile
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from src.classic_nn.array_types import Array
from src.classic_nn.layers import Layer, ReLU, ReLU6, Sigmoid, Tanh
from src.classic_nn.layers.observing import parameter_labels
from src.classic_train.callbacks.diagnosis.finding import Finding
from src.classic_train.callbacks.diagnosis.label_imbalance import label_imbalance
from src.classic_train.callbacks.diagnosis.measurements import EpochMeasurements
from src.classic_train.callbacks.diagnosis.rules import (
    diagnose,
    divergence,
    one_of_each,
)
from src.classic_train.mini_batch.callback import Callback, Training
from src.history import TrainingHistoryWriter
from src.history.tags import FINDINGS

MEASURED = 4
"""Mini-batches of an epoch whose gradients are measured."""

STEP = 1
"""The mini-batch whose update is measured; the only one, where an epoch has one."""

FLAT_SLOPE = 0.01
"""Of the steepest slope: below it a sigmoid or tanh is flat."""


ENOUGH = 32
"""Outputs of a unit, over samples and positions, from which on being 0 at all of them is no chance:
a healthy unit is 0 at about every second one."""


class Diagnosis(Callback):
    """Finds vanishing and exploding gradients, dead ReLUs, saturated activations, updates out of
    range, plateaus, overfitting and rare classes; says each once, when it is found.

    Args:
        targets: of all training samples; None leaves imbalance out.
        class_names: for the names of rare classes.
        report: whether to print a finding, on standard error, when it is found.
        writer: of a history, for TensorBoard's Text view; it may be closed when training has
            failed, so this callback stands before the ``History`` that closes it.

    The layers' outputs come from a ``Probe`` that has ``look`` among its listeners and stands
    before this callback.

    Attributes:
        findings: all so far.
        measurements: of every epoch.
    """

    name = "diagnosis"

    def __init__(
        self,
        targets: NDArray[Any] | None = None,
        class_names: Sequence[str] = (),
        report: bool = True,
        writer: TrainingHistoryWriter | None = None,
    ) -> None:
        self.targets = targets
        self.class_names = class_names
        self.report = report
        self.writer = writer
        self.findings: list[Finding] = []
        self.measurements: list[EpochMeasurements] = []
        self._now = EpochMeasurements(0)
        self._before: Array | None = None
        self._weights: dict[str, str] = {}

    def on_fit_begin(self, trainer: Training) -> None:
        """Look at the labels."""
        self._name_weights(trainer)
        if self.targets is not None and not self.measurements:
            self._add(label_imbalance(self.targets, self.class_names))

    def on_unfreeze(self, trainer: Training, arrays: Mapping[str, Array]) -> None:
        """Measure what is trained from now on."""
        self._name_weights(trainer)

    def _name_weights(self, trainer: Training) -> None:
        labels = parameter_labels(trainer.network)
        # biases, and scale and shift of batch normalization, are no weights
        arrays = trainer.network.parameters.items()
        self._weights = {name: labels[name] for name, array in arrays if array.ndim > 1}

    def on_epoch_begin(self, trainer: Training) -> None:
        """Begin new measurements."""
        self._now = EpochMeasurements(trainer.epoch)

    def after_backward(self, trainer: Training) -> None:
        """Measure the gradients of the first mini-batches, and keep the parameters of one."""
        if trainer.batch < MEASURED:
            measured = min(MEASURED, trainer.batches)
            gradients = self._now.gradients
            for name, label in self._weights.items():
                norm = float(np.linalg.norm(trainer.gradients[name]))
                gradients[label] = gradients.get(label, 0.0) + norm / measured
        if trainer.batch == min(STEP, trainer.batches - 1):
            self._before = trainer.network.parameters.vector.copy()

    def on_batch_end(self, trainer: Training) -> None:
        """Measure what the step has changed."""
        if self._before is None:
            return
        change = np.subtract(trainer.network.parameters.vector, self._before, out=self._before)
        changes = trainer.network.view_of(change)
        for name, label in self._weights.items():
            norm = float(np.linalg.norm(trainer.network.parameters[name]))
            self._now.weights[label] = norm
            if norm > 0:
                self._now.updates[label] = float(np.linalg.norm(changes[name])) / norm
        self._before = None

    def look(self, epoch: int, path: str, layer: Layer, y: Array) -> None:
        """Measure a layer's output; see ``Probe``."""
        if isinstance(layer, ReLU | ReLU6) and y.size >= ENOUGH * y.shape[-1]:
            silent = ~y.reshape(-1, y.shape[-1]).any(axis=0)
            self._now.dead[path] = float(silent.mean())
        elif isinstance(layer, Sigmoid | Tanh):
            slope = 4 * y * (1 - y) if isinstance(layer, Sigmoid) else 1 - y * y
            self._now.saturated[path] = float((slope < FLAT_SLOPE).mean())

    def on_epoch_end(self, trainer: Training) -> None:
        """Diagnose the epoch."""
        self._now.cost = trainer.record["cost"]
        self._now.validation_cost = trainer.record.get("validation_cost")
        self._now.learning_rate = trainer.record["learning_rate"]
        self.measurements.append(self._now)
        # epochs that trained other layers cannot be compared with this one
        layers = self._now.weights.keys()
        alike = list(takewhile(lambda m: m.weights.keys() == layers, reversed(self.measurements)))
        self._add(diagnose(alike[::-1]))

    def on_fit_failed(self, trainer: Training) -> None:
        """Say so if it is because the numbers have left the finite ones."""
        if not isinstance(sys.exception(), ArithmeticError):  # TrainingDivergedError is one
            return
        arrays = (trainer.gradients, trainer.network.parameters)
        broken = [
            label
            for name, label in self._weights.items()
            if not all(np.isfinite(array[name]).all() for array in arrays)
        ]
        self._add([divergence(self._now, broken[-1] if broken else "")])

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Findings and measurements of all epochs."""
        metadata = {
            "findings": [asdict(finding) for finding in self.findings],
            "measurements": [asdict(of_epoch) for of_epoch in self.measurements],
        }
        return {}, metadata

    def load_state(self, arrays: Mapping[str, Array], metadata: Mapping[str, Any]) -> None:
        """Continue from ``state``."""
        self.findings = [Finding.from_state(finding) for finding in metadata["findings"]]
        # "figures" in checkpoints of format 1
        measurements = metadata.get("measurements", metadata.get("figures", []))
        self.measurements = [EpochMeasurements(**of_epoch) for of_epoch in measurements]

    def _add(self, found: list[Finding]) -> None:
        """Keep, print and record what was not known."""
        known = {
            (finding.problem, layer)
            for finding in self.findings
            for layer in (finding.layer, *finding.others)
        }
        new = one_of_each([f for f in found if (f.problem, f.layer) not in known])
        self.findings += new
        if self.report:
            for finding in new:
                tqdm.write(f"diagnosis: {finding}", file=sys.stderr)
        if self.writer is not None and new:
            lines = "\n".join(f"- {finding}" for finding in self.findings)
            self.writer.write_text(self._now.epoch, FINDINGS, lines)

"""The message of training that has diverged: when, and in which layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from src.classic_train.mini_batch.callback import Training
from src.classic_train.mini_batch.dataset import ArrayDataset


class TrainingDivergedError(ArithmeticError):
    """Training has left the finite numbers; the text says when and in which layer."""


def describe_divergence(
    trainer: Training, what: str, data: Sequence[ArrayDataset] = ()
) -> tuple[str, int]:
    """Epoch, mini-batch, learning rate and the first layers that are not finite.

    The forward pass runs from the input to the loss, so the first layer that outputs something
    not finite is where the numbers broke; the backward pass runs the other way, so its first
    layer is the last in the network. Both are named.

    Args:
        trainer: as it was when it happened.
        what: which quantity is not finite, as "the cost is nan".
        data: the samples that it was computed from, those of this process.

    Returns:
        The text, and the number of the first layer that outputs something not finite (of layers,
        where none does): other processes may find another one.
    """
    message = (
        f"training diverged: {what} in epoch {trainer.epoch}, batch {trainer.batch} "
        f"(learning rate {trainer.optimizer.learning_rate:g})"
    )
    layers = trainer.network.layers
    depth = min((_first_output(trainer, part) for part in data), default=len(layers))
    gradient = _first_gradient(trainer)
    if depth < len(layers):
        message += f"; first layer whose output is not finite: {layers[depth].name}"
    if gradient:
        message += f"; first layer, from the loss, whose gradient is not finite: {gradient}"
    else:
        message += "; the gradients are still finite"
    return f"{message}. Lower the learning rate, or limit the gradient (clip_norm)", depth


def _first_output(trainer: Training, data: ArrayDataset) -> int:
    x = data.x
    with np.errstate(over="ignore", invalid="ignore"):
        for depth, layer in enumerate(trainer.network.layers):
            x, _ = layer.forward(x)
            if not np.isfinite(x).all():
                return depth
    return len(trainer.network.layers)


def _first_gradient(trainer: Training) -> str | None:
    layers = zip(trainer.network.layers, trainer.gradients.parts, strict=True)
    for layer, part in reversed(list(layers)):
        for name, gradient in part.items():
            if not np.isfinite(gradient).all():
                return f"{layer.name} ({name})"
    return None

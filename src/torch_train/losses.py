"""Our losses on tensors: mean losses of logits, weights of classes and samples included."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from src.classic_nn.loss import BinaryCrossEntropy, Loss, MeanSquaredError, SoftmaxCrossEntropy


def torch_loss(loss: Loss, logits: Tensor, y: Tensor, weights: Tensor | None = None) -> Tensor:
    """The loss of a mini-batch, as ``Loss.forward`` has it.

    Args:
        loss: ours.
        logits: (samples, outputs).
        y: targets, as the loss wants them.
        weights: (samples,), of samples; ones if None.

    Raises ValueError for a loss that has no translation.
    """
    translation = LOSSES.get(type(loss))
    if translation is None:
        raise ValueError(f"there is no translation of {type(loss).__name__}")
    found: Tensor = translation(loss, logits, y, weights)
    return found


def _weighted_mean(terms: Tensor, weights: Tensor | None) -> Tensor:
    """Mean of the terms of samples (samples,), by their weights."""
    if weights is None:
        return terms.mean()
    return (terms * weights).sum() / weights.sum()


def _binary(loss: BinaryCrossEntropy, z: Tensor, y: Tensor, weights: Tensor | None) -> Tensor:
    q = _like(loss.pos_weight, z)
    terms = F.binary_cross_entropy_with_logits(
        z, y.to(z.dtype), pos_weight=q.expand(z.shape[1:]), reduction="none"
    )
    if loss.class_weights is not None:
        terms = terms * _like(loss.class_weights, z)
    return _weighted_mean(terms.mean(1), weights)


def _softmax(loss: SoftmaxCrossEntropy, z: Tensor, y: Tensor, weights: Tensor | None) -> Tensor:
    classes = z.shape[1]
    target = F.one_hot(y.long(), classes).to(z.dtype) if y.ndim == 1 else y.to(z.dtype)
    c = torch.ones_like(z[0]) if loss.class_weights is None else _like(loss.class_weights, z)
    smooth = (1 - loss.label_smoothing) * target + loss.label_smoothing / classes
    s = torch.ones_like(z[:, 0]) if weights is None else weights
    terms = -(c * smooth * F.log_softmax(z, 1)).sum(1)
    return (s * terms).sum() / (s * (target @ c)).sum()


def _squared(loss: MeanSquaredError, z: Tensor, y: Tensor, weights: Tensor | None) -> Tensor:
    return _weighted_mean(((z - y.to(z.dtype)) ** 2).mean(1), weights)


def _like(value: Any, z: Tensor) -> Tensor:
    return torch.as_tensor(value, dtype=z.dtype, device=z.device)


LOSSES: dict[type[Loss], Any] = {
    BinaryCrossEntropy: _binary,
    SoftmaxCrossEntropy: _softmax,
    MeanSquaredError: _squared,
}

"""Prediction with a network and evaluation of what it predicts."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.context import PREDICTION
from src.classic_nn.layers.base import Layer
from src.classic_nn.loss.base import Loss

Metric = Callable[..., float]
"""A function of targets and predicted probabilities, and perhaps a threshold."""


MOST_VALUES, MOST_SAMPLES = 1 << 22, 1024
"""Of the inputs that go through a network at once in evaluation: 85 photos of 128 x 128 x 3."""


def predict_logits(network: Layer, x: Array, batch_size: int | None = None) -> Array:
    """(samples, outputs): the output of the network in evaluation mode, batch by batch.

    Without ``batch_size``, as many samples at once as ``MOST_VALUES`` and ``MOST_SAMPLES`` allow.
    """
    dtype = network.parameters.vector.dtype
    if batch_size is None:
        values = max(math.prod(x.shape[1:]), 1)
        batch_size = min(max(MOST_VALUES // values, 1), MOST_SAMPLES)
    parts = [
        network.forward(x[start : start + batch_size].astype(dtype, copy=False), PREDICTION)[0]
        for start in range(0, max(len(x), 1), batch_size)
    ]
    return np.concatenate(parts)


def predict_probabilities(
    network: Layer, loss: Loss, x: Array, batch_size: int | None = None
) -> Array:
    """(samples, outputs): probabilities in the sense of the loss that the network learned by."""
    return loss.probabilities(predict_logits(network, x, batch_size))


def predict_labels(probabilities: Array, threshold: float = 0.5) -> NDArray[np.int64]:
    """(samples, labels) of 0 and 1: 1 where the probability is at least the threshold."""
    return (probabilities >= threshold).astype(np.int64)


def predict_classes(probabilities: Array) -> NDArray[np.int64]:
    """(samples,): number of the most probable class."""
    return probabilities.argmax(axis=1)


def evaluate(
    network: Layer,
    loss: Loss,
    x: Array,
    y: NDArray[Any],
    metrics: Mapping[str, Metric],
    sample_weights: Array | None = None,
) -> dict[str, float]:
    """{"cost": mean loss, and each metric by name}, in evaluation mode.

    Where logits are not finite, so is the cost, and there are no metrics.
    """
    return evaluate_logits(predict_logits(network, x), loss, y, metrics, sample_weights)


def evaluate_batches(
    network: Layer,
    loss: Loss,
    batches: Iterable[tuple[NDArray[Any], ...]],
    metrics: Mapping[str, Metric],
) -> dict[str, float]:
    """``evaluate`` for samples that come as (x, y) or (x, y, sample_weights), one part at a time.

    Of x, one part is held at a time; logits and targets are kept until the end.
    """
    logits, y, weights = predict_batches(network, batches)
    return evaluate_logits(logits, loss, y, metrics, weights)


def predict_batches(
    network: Layer, batches: Iterable[tuple[NDArray[Any], ...]]
) -> tuple[Array, NDArray[Any], Array | None]:
    """Logits, targets and, if there are any, weights of samples that come in parts."""
    parts = [(predict_logits(network, x), *others) for x, *others in batches]
    logits, y, *weights = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return logits, y, weights[0] if weights else None


def evaluate_logits(
    logits: Array,
    loss: Loss,
    y: NDArray[Any],
    metrics: Mapping[str, Metric],
    sample_weights: Array | None = None,
) -> dict[str, float]:
    """``evaluate`` for logits that are there already, (samples, outputs)."""
    cost, _ = loss.forward(logits, y, sample_weights)
    if not np.isfinite(logits).all():
        return {"cost": float("nan")}
    probabilities = loss.probabilities(logits)
    return {"cost": cost} | {name: metric(y, probabilities) for name, metric in metrics.items()}

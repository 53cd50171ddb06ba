"""Prediction with a network and evaluation of what it predicts."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.layers.base import Layer
from src.classic_nn.loss.base import Loss

Metric = Callable[[NDArray[Any], Array], float]
"""A function of the targets and the predicted probabilities."""


def predict_logits(network: Layer, x: Array, batch_size: int = 1024) -> Array:
    """(samples, outputs): what the network puts out in evaluation mode, batch by batch."""
    dtype = network.parameters.vector.dtype
    parts = [
        network.forward(x[start : start + batch_size].astype(dtype, copy=False))[0]
        for start in range(0, max(len(x), 1), batch_size)
    ]
    return np.concatenate(parts)


def predict_probabilities(network: Layer, loss: Loss, x: Array, batch_size: int = 1024) -> Array:
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
    logits = predict_logits(network, x)
    cost, _ = loss.forward(logits, y, sample_weights)
    if not np.isfinite(logits).all():
        return {"cost": float("nan")}
    probabilities = loss.probabilities(logits)
    return {"cost": cost} | {name: metric(y, probabilities) for name, metric in metrics.items()}

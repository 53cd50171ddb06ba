"""Binary cross-entropy of independent labels, computed from logits.

With p = sigmoid(z), the loss of one label is -q y log p - (1 - y) log(1 - p), where q, the positive
weight (PyTorch's ``pos_weight``), is what a missed label costs when a false alarm costs 1. From the
logit, without a logarithm of zero, with softplus(z) = log(1 + exp(z)):

    l(z, y) = q y softplus(-z) + (1 - y) softplus(z)
    dl/dz   = (1 - y + q y) p - q y                      which is p - y for q = 1

The loss of a sample is the mean over its labels, and the loss of the mini-batch the mean over
samples, as in PyTorch and Keras:

    loss    = sum_i s_i (1/K sum_k w_k l_ik) / sum_i s_i
    dz_ik   = s_i w_k dl_ik / (K sum_i s_i)

with K labels, sample weights s and class weights w. Class weights scale their terms and do not
enter the divisor.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.communicator import SOLO, Communicator
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.loss.base import Loss
from src.classic_nn.loss.reduction import weighted_mean
from src.classic_nn.loss.targets import (
    check_one_each,
    check_probabilities,
    check_shape,
    targets_like,
)
from src.classic_nn.math import sigmoid, softplus
from src.common.checks import check_number


class BinaryCrossEntropyCache(NamedTuple):
    """dl/dz times the class weights (samples, labels), and scale (samples, 1)."""

    slope: Array
    scale: Array


def binary_cross_entropy(
    logits: Array,
    y: NDArray[Any],
    class_weights: Array | float = 1.0,
    sample_weights: Array | None = None,
    communicator: Communicator = SOLO,
    pos_weight: Array | float = 1.0,
) -> tuple[float, BinaryCrossEntropyCache]:
    """Loss of a mini-batch.

    Args:
        logits: (samples, labels), z.
        y: (samples, labels), 0 or 1, or probabilities in between.
        class_weights: anything that broadcasts to (samples, labels), w.
        sample_weights: (samples,), s; ones if None.
        communicator: sums over the workers that share the mini-batch.
        pos_weight: q, one number or (labels,).

    Returns:
        The loss, and the cache for ``binary_cross_entropy_backward``.

    Raises:
        ValueError: y is not within 0 to 1, y or the sample weights have another shape, or the
            weights sum to zero.
    """
    check_probabilities(y)
    z, y, p = logits, targets_like(logits, y), sigmoid(logits)
    q = np.asarray(pos_weight, z.dtype)
    losses = q * y * softplus(-z) + (1 - y) * softplus(z)
    slope = (1 - y + q * y) * p - q * y
    if np.ndim(class_weights) or class_weights != 1:
        w = np.asarray(class_weights, z.dtype)
        losses, slope = w * losses, w * slope
    loss, scale = weighted_mean(losses.mean(axis=1), sample_weights, None, communicator)
    return loss, BinaryCrossEntropyCache(slope, scale / z.shape[1])


def binary_cross_entropy_backward(cache: BinaryCrossEntropyCache) -> Array:
    """Gradient with respect to the logits, (samples, labels)."""
    return cache.slope * cache.scale


@dataclass
class BinaryCrossEntropy(Loss):
    """Binary cross-entropy with logits; see ``binary_cross_entropy``.

    Args:
        class_weights: one weight per label, (labels,); None for equal weights.
        pos_weight: what a missed label costs when a false alarm costs 1: a number, or one per
            label. The plant classifier's loss has 3.
    """

    class_weights: tuple[float, ...] | None = None
    pos_weight: float | tuple[float, ...] = 1.0

    def __post_init__(self) -> None:
        for value in np.atleast_1d(self.pos_weight).tolist():
            check_number("pos_weight", value, above=0)

    def forward(
        self,
        logits: Array,
        y: Array,
        sample_weights: Array | None = None,
        context: Context = EVALUATION,
    ) -> tuple[float, BinaryCrossEntropyCache]:
        """Loss of (samples, labels) logits for (samples, labels) targets."""
        weights: Array | float = 1.0
        if self.class_weights is not None:
            weights = np.asarray(self.class_weights, logits.dtype)
        pos_weight: Any = self.pos_weight
        return binary_cross_entropy(
            logits, y, weights, sample_weights, context.communicator, pos_weight
        )

    def backward(self, cache: BinaryCrossEntropyCache) -> Array:
        """Gradient with respect to the logits."""
        return binary_cross_entropy_backward(cache)

    def check_targets(self, y: NDArray[Any], outputs: int) -> None:
        """(samples, labels), from 0 to 1."""
        for name, values in (
            ("class_weights", self.class_weights),
            ("pos_weight", self.pos_weight),
        ):
            if isinstance(values, Sequence):
                check_one_each(name, values, outputs)
        check_shape(y, outputs)
        check_probabilities(y)

    def probabilities(self, logits: Array) -> Array:
        """sigmoid(logits)."""
        return sigmoid(logits)

"""Binary cross-entropy of independent labels, computed from logits.

With p = sigmoid(z), the loss of one label is -y log p - (1 - y) log(1 - p). From the logit,
without a logarithm of zero:

    l(z, y) = max(z, 0) - z y + log(1 + exp(-|z|)),     dl/dz = sigmoid(z) - y

The loss of a sample is the mean over its labels, and the loss of the mini-batch the mean over
samples, as in PyTorch and Keras:

    loss    = sum_i s_i (1/K sum_k w_ik l_ik) / sum_i s_i
    dz_ik   = s_i w_ik (sigmoid(z_ik) - y_ik) / (K sum_i s_i)

with K labels, sample weights s and class weights w. Class weights scale their terms and do not
enter the divisor.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.checks import check_number
from src.classic_nn.communicator import SOLO, Communicator
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.loss.base import Loss
from src.classic_nn.loss.reduction import weighted_mean
from src.classic_nn.loss.targets import targets_like
from src.classic_nn.math import sigmoid, softplus


class BinaryCrossEntropyCache(NamedTuple):
    """Probabilities, labels and weights (samples, labels) and scale (samples, 1)."""

    p: Array
    y: Array
    weights: Array
    scale: Array


def binary_cross_entropy(
    logits: Array,
    y: Array,
    class_weights: Array | float = 1.0,
    sample_weights: Array | None = None,
    communicator: Communicator = SOLO,
) -> tuple[float, BinaryCrossEntropyCache]:
    """Loss of a mini-batch.

    Args:
        logits: (samples, labels), z.
        y: (samples, labels), 0 or 1, or probabilities in between.
        class_weights: anything that broadcasts to (samples, labels), w.
        sample_weights: (samples,), s; ones if None.
        communicator: sums over the workers that share the mini-batch.

    Returns:
        The loss, and the cache for ``binary_cross_entropy_backward``.

    Raises:
        ValueError: y or the sample weights have another shape, or the weights sum to zero.
    """
    z, y = logits, targets_like(logits, y)
    w = np.asarray(class_weights, z.dtype)
    losses = w * (softplus(z) - z * y)  # softplus(z) = max(z, 0) + log(1 + e^-|z|)
    loss, scale = weighted_mean(losses.mean(axis=1), sample_weights, None, communicator)
    return loss, BinaryCrossEntropyCache(sigmoid(z), y, w, scale / z.shape[1])


def binary_cross_entropy_backward(cache: BinaryCrossEntropyCache) -> Array:
    """Gradient with respect to the logits, (samples, labels)."""
    p, y, weights, scale = cache
    return (p - y) * weights * scale


@dataclass
class BinaryCrossEntropy(Loss):
    """Binary cross-entropy with logits; see ``binary_cross_entropy``.

    Args:
        class_weights: one weight a label, (labels,); None for equal weights.
    """

    class_weights: tuple[float, ...] | None = None

    def forward(
        self,
        logits: Array,
        y: Array,
        sample_weights: Array | None = None,
        context: Context = EVALUATION,
    ) -> tuple[float, BinaryCrossEntropyCache]:
        """Loss of (samples, labels) logits for (samples, labels) targets."""
        weights = self.weights(logits, y)
        return binary_cross_entropy(logits, y, weights, sample_weights, context.communicator)

    def weights(self, logits: Array, y: Array) -> Array | float:
        """Weight of each label of each sample, broadcastable to (samples, labels)."""
        if self.class_weights is None:
            return 1.0
        return np.asarray(self.class_weights, logits.dtype)

    def backward(self, cache: BinaryCrossEntropyCache) -> Array:
        """Gradient with respect to the logits."""
        return binary_cross_entropy_backward(cache)

    def probabilities(self, logits: Array) -> Array:
        """sigmoid(logits)."""
        return sigmoid(logits)


@dataclass
class MissWeightedBinaryCrossEntropy(BinaryCrossEntropy):
    """Binary cross-entropy that costs more where the probability is below the label.

        w_ik = miss_weight where y_ik > sigmoid(z_ik), else 1

    The loss of the plant classifier, with miss_weight 3: a missed plant costs three times a false
    alarm. The weight is a constant in the derivative.
    """

    miss_weight: float = 3.0

    def __post_init__(self) -> None:
        check_number("miss_weight", self.miss_weight, above=0)

    def weights(self, logits: Array, y: Array) -> Array | float:
        """``miss_weight`` where the label is above the probability, else 1; times class weights."""
        missed = np.where(y > sigmoid(logits), self.miss_weight, 1.0).astype(logits.dtype)
        return missed * super().weights(logits, y)

"""Cross-entropy of one class out of several, computed from logits.

With p = softmax(z) and a target distribution t (one at the true class, or smoothed):

    l_i    = -sum_k c_k t_ik log p_ik
    loss   = sum_i s_i l_i / sum_i s_i c_{y_i}
    dz_ik  = s_i (p_ik sum_j c_j t_ij - c_k t_ik) / sum_i s_i c_{y_i}

with sample weights s and class weights c. The divisor holds the class weights of the true classes,
so weighting a class changes its part of the loss and not the size of the loss. Label smoothing e
moves the target (Szegedy et al. 2016, section 7):

    t = (1 - e) onehot(y) + e / K

All this as in PyTorch's cross_entropy.
"""

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
    check_class_numbers,
    check_distributions,
    check_one_each,
    check_probabilities,
    check_shape,
    one_hot,
    targets_like,
)
from src.classic_nn.math import log_softmax, softmax
from src.common.checks import check_number


class SoftmaxCrossEntropyCache(NamedTuple):
    """log p (samples, classes), weighted targets c t (samples, classes), scale (samples, 1)."""

    log_p: Array
    weighted_targets: Array
    scale: Array


def softmax_cross_entropy(
    logits: Array,
    y: NDArray[Any],
    label_smoothing: float = 0.0,
    class_weights: Array | None = None,
    sample_weights: Array | None = None,
    communicator: Communicator = SOLO,
) -> tuple[float, SoftmaxCrossEntropyCache]:
    """Loss of a mini-batch.

    Args:
        logits: (samples, classes), z.
        y: (samples,) class numbers, or (samples, classes) one-hot or distributions.
        label_smoothing: e, in [0, 1).
        class_weights: (classes,), c; ones if None.
        sample_weights: (samples,), s; ones if None.
        communicator: sums over the workers that share the mini-batch.

    Returns:
        The loss, and the cache for ``softmax_cross_entropy_backward``.

    Raises:
        ValueError: y is no whole number within the classes or, of distributions, not within 0 to
            1; y or the sample weights have another shape, or the weights sum to zero.
    """
    classes = logits.shape[1]
    if y.ndim == 1:
        targets = hard = one_hot(y, classes, logits.dtype)
    else:
        check_probabilities(y)
        targets = hard = targets_like(logits, y)
    if label_smoothing:
        targets = (1 - label_smoothing) * hard + label_smoothing / classes
    total = None
    if class_weights is not None:
        class_weights = np.asarray(class_weights, logits.dtype)
        targets = targets * class_weights
        total = hard @ class_weights
        total = total if sample_weights is None else sample_weights * total
    log_p = log_softmax(logits)
    losses = -(targets * log_p).sum(axis=1)
    loss, scale = weighted_mean(losses, sample_weights, total, communicator)
    return loss, SoftmaxCrossEntropyCache(log_p, targets, scale)


def softmax_cross_entropy_backward(cache: SoftmaxCrossEntropyCache) -> Array:
    """Gradient with respect to the logits, (samples, classes)."""
    log_p, targets, scale = cache
    return (np.exp(log_p) * targets.sum(axis=1, keepdims=True) - targets) * scale


@dataclass
class SoftmaxCrossEntropy(Loss):
    """Softmax cross-entropy with logits; see ``softmax_cross_entropy``.

    Args:
        label_smoothing: fraction of the target that is divided evenly among all classes.
        class_weights: one weight per class, (classes,); None for equal weights.
    """

    label_smoothing: float = 0.0
    class_weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        check_number("label_smoothing", self.label_smoothing, 0, below=1)

    def forward(
        self,
        logits: Array,
        y: Array,
        sample_weights: Array | None = None,
        context: Context = EVALUATION,
    ) -> tuple[float, SoftmaxCrossEntropyCache]:
        """Loss of (samples, classes) logits for class numbers or target distributions."""
        weights = (
            None if self.class_weights is None else np.asarray(self.class_weights, logits.dtype)
        )
        return softmax_cross_entropy(
            logits, y, self.label_smoothing, weights, sample_weights, context.communicator
        )

    def backward(self, cache: SoftmaxCrossEntropyCache) -> Array:
        """Gradient with respect to the logits."""
        return softmax_cross_entropy_backward(cache)

    def check_targets(self, y: NDArray[Any], outputs: int) -> None:
        """Class numbers, or distributions over the classes."""
        if self.class_weights is not None:
            check_one_each("class_weights", self.class_weights, outputs)
        if y.ndim == 1:
            check_class_numbers(y, outputs)
        else:
            check_shape(y, outputs)
            check_distributions(y)

    def total_weight(self, y: Array, sample_weights: Array | None = None) -> float:
        """The sum of s_i c_{y_i}."""
        if self.class_weights is None:
            return super().total_weight(y, sample_weights)
        c = np.asarray(self.class_weights, np.float64)
        of_classes = (one_hot(y, len(c), c.dtype) if y.ndim == 1 else y) @ c
        return float(of_classes.sum() if sample_weights is None else sample_weights @ of_classes)

    def probabilities(self, logits: Array) -> Array:
        """softmax(logits)."""
        return softmax(logits)

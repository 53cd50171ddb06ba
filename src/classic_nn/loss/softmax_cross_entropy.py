"""Cross-entropy of one class out of several, computed from logits.

With p = softmax(z) and a target distribution t (one at the true class, or smoothed):

    l_i    = -sum_k c_k t_ik log p_ik
    loss   = sum_i s_i l_i / sum_i s_i c_{y_i}
    dz_ik  = s_i (p_ik sum_j c_j t_ij - c_k t_ik) / sum_i s_i c_{y_i}

with sample weights s and class weights c. Label smoothing e moves the target to
t = (1 - e) * onehot(y) + e / K (Szegedy et al. 2016, section 7). The divisor holds the class
weights of the true classes, so weighting a class changes its share and not the size of the loss;
all this as in PyTorch's cross_entropy.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.checks import check_number
from src.classic_nn.communicator import SOLO, Communicator
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.loss.base import Loss
from src.classic_nn.loss.reduction import weighted_mean
from src.classic_nn.loss.targets import one_hot, targets_like
from src.classic_nn.math import log_softmax, softmax


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
        ValueError: a class number out of range, y or the sample weights of another shape, or
            weights that sum to zero.
    """
    classes = logits.shape[1]
    hard = one_hot(y, classes, logits.dtype) if y.ndim == 1 else targets_like(logits, y)
    targets = (1 - label_smoothing) * hard + label_smoothing / classes
    s = np.ones(len(logits)) if sample_weights is None else sample_weights
    s = s.astype(logits.dtype, copy=False)
    total = s
    if class_weights is not None:
        class_weights = np.asarray(class_weights, logits.dtype)
        targets = targets * class_weights
        total = s * (hard @ class_weights)
    log_p = log_softmax(logits)
    losses = -(targets * log_p).sum(axis=1)
    loss, scale = weighted_mean(losses, s, total, communicator)
    return loss, SoftmaxCrossEntropyCache(log_p, targets, scale)


def softmax_cross_entropy_backward(cache: SoftmaxCrossEntropyCache) -> Array:
    """Gradient with respect to the logits, (samples, classes)."""
    log_p, targets, scale = cache
    return (np.exp(log_p) * targets.sum(axis=1, keepdims=True) - targets) * scale


@dataclass
class SoftmaxCrossEntropy(Loss):
    """Softmax cross-entropy with logits; see ``softmax_cross_entropy``.

    Args:
        label_smoothing: share of the target that is spread evenly over all classes.
        class_weights: one weight a class, (classes,); None for equal weights.
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

"""Mean squared error.

    loss  = sum_i s_i (1/K sum_k (z_ik - y_ik)^2) / sum_i s_i
    dz_ik = 2 s_i (z_ik - y_ik) / (K sum_i s_i)

with K outputs and sample weights s: the mean over outputs and over samples, as in PyTorch and
Keras. (Some texts halve it.)
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.communicator import SOLO, Communicator
from src.classic_nn.context import EVALUATION, Context
from src.classic_nn.loss.base import Loss
from src.classic_nn.loss.reduction import weighted_mean
from src.classic_nn.loss.targets import (
    check_finite,
    check_shape,
    targets_like,
)


class MeanSquaredErrorCache(NamedTuple):
    """Difference z - y (samples, outputs) and scale (samples, 1)."""

    difference: Array
    scale: Array


def mean_squared_error(
    outputs: Array,
    y: Array,
    sample_weights: Array | None = None,
    communicator: Communicator = SOLO,
) -> tuple[float, MeanSquaredErrorCache]:
    """Loss of a mini-batch.

    Args:
        outputs: (samples, outputs), z.
        y: (samples, outputs).
        sample_weights: (samples,), s; ones if None.
        communicator: sums over the workers that share the mini-batch.

    Returns:
        The loss, and the cache for ``mean_squared_error_backward``.

    Raises:
        ValueError: y is not finite, y or the sample weights have another shape, or the weights sum
            to zero.
    """
    check_finite(y)
    difference = outputs - targets_like(outputs, y)
    losses = (difference * difference).mean(axis=1)
    loss, scale = weighted_mean(losses, sample_weights, None, communicator)
    return loss, MeanSquaredErrorCache(difference, scale / outputs.shape[1])


def mean_squared_error_backward(cache: MeanSquaredErrorCache) -> Array:
    """Gradient with respect to the outputs, (samples, outputs)."""
    return 2 * cache.difference * cache.scale


@dataclass
class MeanSquaredError(Loss):
    """Mean squared error; see ``mean_squared_error``."""

    def forward(
        self,
        logits: Array,
        y: Array,
        sample_weights: Array | None = None,
        context: Context = EVALUATION,
    ) -> tuple[float, MeanSquaredErrorCache]:
        """Loss of (samples, outputs) values for (samples, outputs) targets."""
        return mean_squared_error(logits, y, sample_weights, context.communicator)

    def backward(self, cache: MeanSquaredErrorCache) -> Array:
        """Gradient with respect to the outputs."""
        return mean_squared_error_backward(cache)

    def check_targets(self, y: NDArray[Any], outputs: int) -> None:
        """(samples, outputs), finite."""
        check_shape(y, outputs)
        check_finite(y)

    def probabilities(self, logits: Array) -> Array:
        """The outputs themselves: they are no probabilities."""
        return logits

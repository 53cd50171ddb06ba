"""Forward pass of batch normalization, in numbered steps.

Ioffe and Szegedy 2015, algorithm 1. The last axis holds the features (or channels); all axes
before it are averaged over, so one formula serves dense layers, (samples, features), and
convolutions, (samples, height, width, channels). With n the number of averaged positions:

    1. mean      mu    = sum(x) / n
    2. center    x_c   = x - mu
    3. variance  var   = sum(x_c^2) / n          (biased: divided by n)
    4. inverse   r     = 1 / sqrt(var + epsilon) (epsilon inside the root)
    5. normalize x_hat = x_c * r
    6. scale     y     = gamma * x_hat + beta

The sums go through the communicator, so the statistics are those of the whole mini-batch however
many workers share it.
"""

from typing import NamedTuple

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.communicator import SOLO, Communicator


class BatchNormCache(NamedTuple):
    """What the backward pass needs.

    Attributes:
        x_hat: (..., features), normalized input of this worker's share.
        gamma: (features,), the scale.
        inverse_std: (features,), r of step 4.
        positions: n, positions averaged over in the whole mini-batch.
    """

    x_hat: Array
    gamma: Array
    inverse_std: Array
    positions: int


def batch_norm_forward(
    x: Array,
    gamma: Array,
    beta: Array,
    epsilon: float = 1e-5,
    communicator: Communicator = SOLO,
) -> tuple[Array, BatchNormCache, Array, Array]:
    """Normalize with the statistics of the mini-batch, as while training.

    Args:
        x: (..., features), this worker's share of the mini-batch.
        gamma: (features,), scale.
        beta: (features,), shift.
        epsilon: added to the variance, inside the root.
        communicator: sums over the workers that share the mini-batch.

    Returns:
        y: (..., features); the cache; mean (features,) and biased variance (features,) of the
        whole mini-batch, for the running statistics.
    """
    mean, centered, variance, count = batch_statistics(x, communicator)  # steps 1 to 3
    x_hat, inverse_std = normalize(centered, variance, epsilon)  # steps 4 and 5
    y = scale_and_shift(x_hat, gamma, beta)  # step 6
    return y, BatchNormCache(x_hat, gamma, inverse_std, count), mean, variance


def batch_norm_inference(
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_variance: Array,
    epsilon: float = 1e-5,
) -> tuple[Array, BatchNormCache]:
    """Normalize with the running statistics, as in evaluation: a sample's result is its own."""
    x_hat, inverse_std = normalize(x - running_mean, running_variance, epsilon)
    y = scale_and_shift(x_hat, gamma, beta)
    return y, BatchNormCache(x_hat, gamma, inverse_std, positions=0)


def batch_statistics(
    x: Array, communicator: Communicator = SOLO
) -> tuple[Array, Array, Array, int]:
    """Steps 1 to 3: mean (features,), centered x, biased variance (features,) and count n.

    The variance is the mean of squared deviations, not E[x^2] - E[x]^2, which loses its digits
    where the mean is large.
    """
    axes = tuple(range(x.ndim - 1))
    own_count = x.size // x.shape[-1]
    count = int(communicator.all_reduce(np.array([float(own_count)]))[0])
    mean = communicator.all_reduce(x.sum(axis=axes)) / count
    centered = x - mean
    variance = communicator.all_reduce((centered * centered).sum(axis=axes)) / count
    return mean, centered, variance, count


def normalize(centered: Array, variance: Array, epsilon: float) -> tuple[Array, Array]:
    """Steps 4 and 5: normalized input and the inverse standard deviation (features,)."""
    inverse_std = 1 / np.sqrt(variance + epsilon)
    return centered * inverse_std, inverse_std


def scale_and_shift(x_hat: Array, gamma: Array, beta: Array) -> Array:
    """Step 6: y = gamma * x_hat + beta."""
    return gamma * x_hat + beta


def update_running_statistics(
    running_mean: Array,
    running_variance: Array,
    mean: Array,
    variance: Array,
    count: int,
    momentum: float,
) -> None:
    """Move the running statistics towards those of a mini-batch, in place.

    running = momentum * running + (1 - momentum) * batch

    The direction is that of Keras: momentum 0.9 keeps nine tenths of the old value (PyTorch calls
    the same setting 0.1). The running variance uses the unbiased estimate, n / (n - 1) times the
    biased one, as the paper (algorithm 2, step 10) and PyTorch do. A mini-batch of one position
    says nothing of the variance and leaves it as it was.
    """
    running_mean *= momentum
    running_mean += (1 - momentum) * mean
    if count > 1:
        running_variance *= momentum
        running_variance += (1 - momentum) * variance * (count / (count - 1))

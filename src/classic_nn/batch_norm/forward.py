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
from src.classic_nn.wide_rows import feature_dot, feature_sum, repeated, wide_rows


class BatchNormCache(NamedTuple):
    """What the backward pass needs.

    Attributes:
        centered: (..., features), x_c of step 2 for this worker's share.
        gamma: (features,), the scale.
        inverse_std: (features,), r of step 4.
        positions: n, positions averaged over in the whole mini-batch.
    """

    centered: Array
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
    y, inverse_std = normalize(centered, variance, gamma, beta, epsilon)  # steps 4 to 6
    return y, BatchNormCache(centered, gamma, inverse_std, count), mean, variance


def batch_norm_inference(
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_variance: Array,
    epsilon: float = 1e-5,
) -> tuple[Array, BatchNormCache]:
    """Normalize with the running statistics, as in evaluation: a sample's result is its own."""
    centered = center(x, running_mean)
    y, inverse_std = normalize(centered, running_variance, gamma, beta, epsilon)
    return y, BatchNormCache(centered, gamma, inverse_std, positions=0)


def batch_statistics(
    x: Array, communicator: Communicator = SOLO
) -> tuple[Array, Array, Array, int]:
    """Steps 1 to 3: mean (features,), centered x, biased variance (features,) and count n.

    The variance is the mean of squared deviations, not E[x^2] - E[x]^2, which loses its digits
    where the mean is large.
    """
    count = int(communicator.all_reduce(np.array([float(x.size // x.shape[-1])]))[0])
    mean = communicator.all_reduce(feature_sum(x)) / count
    centered = center(x, mean)
    variance = communicator.all_reduce(feature_dot(centered, centered)) / count
    return mean, centered, variance, count


def center(x: Array, mean: Array) -> Array:
    """Step 2: x - mean."""
    rows = wide_rows(x)
    return (rows - repeated(mean, rows)).reshape(x.shape)


def normalize(
    centered: Array, variance: Array, gamma: Array, beta: Array, epsilon: float
) -> tuple[Array, Array]:
    """Steps 4 to 6: y (..., features) and the inverse standard deviation r (features,).

    Steps 5 and 6 in one, y = x_c * (r gamma) + beta: x_hat itself is needed nowhere.
    """
    inverse_std = 1 / np.sqrt(variance + epsilon)
    rows = wide_rows(centered)
    y = rows * repeated(inverse_std * gamma, rows)
    y += repeated(beta, rows)
    return y.reshape(centered.shape), inverse_std


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

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

``batch_norm_forward_by_steps`` is these lines as they stand; ``batch_norm_forward``, which layers
use, takes the same sums over longer rows (``channelwise``), and adds them up over the workers that
share the mini-batch, so the statistics are those of the whole of it.
"""

import math
from typing import NamedTuple

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.channelwise import channelwise, feature_sum, repeated, row_blocks
from src.classic_nn.communicator import SOLO, Communicator
from src.common.kernels import operation


def batch_norm_forward_by_steps(
    x: Array, gamma: Array, beta: Array, epsilon: float = 1e-5
) -> Array:
    """The steps above, for x (..., features), gamma and beta (features,), of one worker."""
    axes = tuple(range(x.ndim - 1))
    n = x.size // x.shape[-1]
    mu = x.sum(axis=axes) / n  # 1. (features,)
    x_c = x - mu  # 2. (..., features)
    var = (x_c**2).sum(axis=axes) / n  # 3. (features,)
    r = 1 / np.sqrt(var + epsilon)  # 4.
    x_hat = x_c * r  # 5. (..., features)
    return gamma * x_hat + beta  # 6.


class BatchNormCache(NamedTuple):
    """What the backward pass needs.

    Attributes:
        x: (..., features), input of this worker's shard.
        mean: (features,), mu of step 1.
        gamma: (features,), the scale.
        inverse_std: (features,), r of step 4.
        positions: n, positions averaged over in the whole mini-batch.
        relu_beta: (features,), the shift, where a ReLU was applied to the output; else None.
        ceiling: upper end of that ReLU, inf or 6.
    """

    x: Array
    mean: Array
    gamma: Array
    inverse_std: Array
    positions: int
    relu_beta: Array | None = None
    ceiling: float = math.inf

    @property
    def values(self) -> tuple[Array, Array, Array, Array, Array | None, float]:
        """x, mean, inverse_std, gamma, relu_beta and ceiling."""
        return self.x, self.mean, self.inverse_std, self.gamma, self.relu_beta, self.ceiling


def batch_norm_forward(
    x: Array,
    gamma: Array,
    beta: Array,
    epsilon: float = 1e-5,
    communicator: Communicator = SOLO,
    relu: float | None = None,
) -> tuple[Array, BatchNormCache, Array, Array]:
    """Normalize with the statistics of the mini-batch, as while training.

    Args:
        x: (..., features), this worker's shard of the mini-batch.
        gamma: (features,), scale.
        beta: (features,), shift.
        epsilon: added to the variance, inside the root.
        communicator: sums over the workers that share the mini-batch.
        relu: upper end of a ReLU that follows and is applied here, y = min(max(y, 0), relu): inf
            for ReLU, 6 for ReLU6; None for no ReLU.

    Returns:
        y: (..., features); the cache; mean (features,) and biased variance (features,) of the
        whole mini-batch, for the running statistics.
    """
    mean, variance, count = batch_statistics(x, communicator)  # steps 1 to 4
    inverse_std = 1 / np.sqrt(variance + epsilon)
    y = normalize(x, mean, inverse_std, gamma, beta, relu)  # steps 2, 5 and 6
    cache = BatchNormCache(x, mean, gamma, inverse_std, count)
    if relu is not None:
        cache = cache._replace(relu_beta=beta, ceiling=relu)
    return y, cache, mean, variance


def batch_norm_inference(
    x: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_variance: Array,
    epsilon: float = 1e-5,
    relu: float | None = None,
) -> tuple[Array, BatchNormCache]:
    """Normalize with the running statistics, as in evaluation: a sample's result is its own."""
    inverse_std = 1 / np.sqrt(running_variance + epsilon)
    y = normalize(x, running_mean, inverse_std, gamma, beta, relu)
    cache = BatchNormCache(x, running_mean.copy(), gamma, inverse_std, positions=0)
    if relu is not None:
        cache = cache._replace(relu_beta=beta, ceiling=relu)
    return y, cache


def batch_statistics(x: Array, communicator: Communicator = SOLO) -> tuple[Array, Array, int]:
    """Steps 1 to 3: mean (features,), biased variance (features,) and count n.

    The variance is the mean of squared deviations, not E[x^2] - E[x]^2, which loses its digits
    where the mean is large. Each worker takes the deviations of its shard from the mean of its
    shard, so that one all-reduce is enough; with n_k, mu_k and S_k of worker k (Chan, Golub and
    LeVeque 1979)

        n mu    = sum_k n_k mu_k
        n var   = sum_k S_k + sum_k n_k mu_k^2 - n mu^2

    whose last two terms, how far the workers' means are apart, are computed in float64.
    """
    positions = x.size // x.shape[-1]
    own_mean, deviations = shard_statistics(x)
    if communicator.size == 1:
        return own_mean, deviations / x.dtype.type(positions), positions
    exact = own_mean.astype(np.float64)
    parts = np.stack([np.full_like(exact, positions), positions * exact, positions * exact**2])
    parts = communicator.all_reduce(np.concatenate([parts, [deviations]]))
    count, mean = parts[0], parts[1] / parts[0]
    variance = (parts[3] + np.maximum(parts[2] - count * mean**2, 0)) / count
    return mean.astype(x.dtype), variance.astype(x.dtype), int(count[0])


@operation("src.classic_nn.batch_norm.forward_loops")
def shard_statistics(x: Array) -> tuple[Array, Array]:
    """Of x (..., features): the mean, and step 3's sum of (x - mean)^2, both (features,)."""
    mean = feature_sum(x) / x.dtype.type(max(x.size // x.shape[-1], 1))
    rows = channelwise(x)
    means, total = repeated(mean, rows), np.zeros(rows.shape[1], x.dtype)
    for block in row_blocks(rows):
        centered = rows[block] - means
        total += np.einsum("rw,rw->w", centered, centered)
    return mean, total.reshape(-1, len(mean)).sum(axis=0)


@operation("src.classic_nn.batch_norm.forward_loops")
def normalize(
    x: Array, mean: Array, inverse_std: Array, gamma: Array, beta: Array, relu: float | None = None
) -> Array:
    """Steps 2, 5 and 6: y = (x - mean) * (r * gamma) + beta, and min(max(y, 0), relu) if given."""
    rows = channelwise(x)
    means, scales, shifts = (repeated(v, rows) for v in (mean, inverse_std * gamma, beta))
    y = np.empty_like(rows)
    for block in row_blocks(rows):
        part = np.subtract(rows[block], means, out=y[block])
        part *= scales
        part += shifts
        if relu is not None:
            np.clip(part, 0, relu, out=part)
    return y.reshape(x.shape)


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

"""The mean over samples, weighted and shared between workers."""

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.communicator import Communicator


def weighted_mean(
    losses: Array, weights: Array | None, total: Array | None, communicator: Communicator
) -> tuple[float, Array]:
    """Mean of the losses of the samples of the whole mini-batch.

        loss = sum_i s_i l_i / sum_i t_i

    Args:
        losses: (samples,), l_i of this worker's shard.
        weights: (samples,), s_i; ones if None.
        total: (samples,), t_i, what the sum is divided by; the weights themselves if None.
        communicator: sums over the workers that share the mini-batch.

    Returns:
        The loss of the whole mini-batch, and dloss/dl_i = s_i / sum t, (samples, 1); or (1, 1)
        where all are the same.

    Raises:
        ValueError: the weights have another shape, or sum to zero over the mini-batch.
    """
    if weights is None:
        weighted, count = losses, float(len(losses))
    else:
        if weights.shape != losses.shape:
            raise ValueError(f"sample weights must have shape {losses.shape}, got {weights.shape}")
        weights = weights.astype(losses.dtype, copy=False)
        weighted, count = weights * losses, weights.sum(dtype=np.float64)
    if total is not None:
        count = total.sum(dtype=np.float64)
    sums = communicator.all_reduce(np.array([weighted.sum(dtype=np.float64), count]))
    normalizer = sums[1]
    if normalizer == 0:
        raise ValueError("the sample weights of a mini-batch sum to 0: its mean is not defined")
    divisor = losses.dtype.type(normalizer)
    scale = np.array([[1 / divisor]]) if weights is None else (weights / divisor)[:, np.newaxis]
    return float(sums[0] / normalizer), scale

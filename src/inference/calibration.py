"""Temperature scaling: so that of answers given with 90% certainty, 90% are right.

Guo, Pleiss, Sun and Weinberger 2017, "On calibration of modern neural networks", section 4.2: the
logits z of a trained network are divided by one number T, which minimizes the cross-entropy on the
validation data:

    p = softmax(z / T)  or  sigmoid(z / T),   T = argmin -mean(log p_right)

The most probable class stays what it is. Where all validation samples are right, the minimum would
be at T = 0, for no number of samples says "always". So the targets are those of Platt (1999,
"Probabilistic outputs for support vector machines", section 2.2): the prior adds one sample of each
answer, right and wrong, to the n that were seen, and the right answer is wanted with (n + 1) / (n +
2).
"""

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.math import log_softmax, softplus

RANGE = (0.05, 20.0)
"""Least and largest temperature."""


def fit_temperature(logits: Array, targets: NDArray[np.int64], task: str) -> float:
    """The temperature for the outputs of a network.

    Args:
        logits: (samples, outputs).
        targets: (samples,) class numbers; (samples, outputs) of 0 and 1 of a binary or multi-label
            task.
        task: "binary", "multi_label" or "multi_class".

    Returns 1 where there are no samples.
    """
    from scipy.optimize import minimize_scalar  # here: predicting needs no SciPy

    if not len(logits):
        return 1.0
    z = logits.astype(np.float64)
    found = minimize_scalar(
        lambda log_t: cross_entropy(z / np.exp(log_t), targets, task),
        bounds=tuple(np.log(RANGE)),
        method="bounded",
    )
    return float(np.exp(found.x))


def cross_entropy(z: Array, targets: NDArray[np.int64], task: str) -> float:
    """Mean over samples of the cross-entropy with Platt's targets, of logits (samples, outputs)."""
    if task == "multi_class":
        counts = np.bincount(targets, minlength=z.shape[1])
        n, classes = counts[targets], z.shape[1]
        right = (n + 1) / (n + 2)
        logs = log_softmax(z)
        of_right = logs[np.arange(len(z)), targets]
        of_others = (logs.sum(axis=1) - of_right) / max(classes - 1, 1)
        return float(-(right * of_right + (1 - right) * of_others).mean())
    y = targets.reshape(z.shape)
    ones = y.sum(axis=0)
    wanted = np.where(y == 1, (ones + 1) / (ones + 2), 1 / (len(y) - ones + 2))
    # -y log sigmoid(z) - (1 - y) log sigmoid(-z)
    return float((softplus(z) - wanted * z).sum(axis=1).mean())

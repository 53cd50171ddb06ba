"""Does a photo look like those that the model was trained on? Three scores; higher is stranger.

- uncertainty: 1 - the probability of the answer (Hendrycks and Gimpel 2017);
- energy: -log sum_k exp(z_k) of the logits (Liu et al. 2020), of labels each -sum_k log(1 +
  exp(z_k)) (Wang et al. 2021); the one logit z of a question of yes or no stands for two, 0 and z;
- distance: of the features in front of the last layer to the nearest mean of a class, as a fraction
  of the mean's own length (nearest class mean; Lee et al. 2018 without their covariance).

How well a score tells photos from strange ones is the area under its ROC curve: the probability
that a strange photo scores higher, 0.5 for a score that knows nothing.
"""

import numpy as np
from numpy.typing import NDArray

from src.classic_nn import Dense, Sequential
from src.classic_nn.array_types import Array
from src.classic_nn.context import PREDICTION
from src.classic_nn.layers.container import Container
from src.classic_nn.math import softplus


def features_and_logits(network: Container, x: Array) -> tuple[Array, Array]:
    """(samples, features) in front of the last layer, and (samples, outputs).

    Raises ValueError for a network that does not end with a dense layer.
    """
    if not isinstance(network, Sequential):
        raise ValueError(f"{network.name}: expected layers in a row")
    last = network.layers[-1]
    if len(network.layers) > 1:
        x, _ = network[:-1].forward(x, PREDICTION)
    if isinstance(last, Sequential):
        return features_and_logits(last, x)
    if not isinstance(last, Dense):
        raise ValueError(f"{network.name}: expected a dense layer at its end, got {last.name}")
    return x, last.forward(x, PREDICTION)[0]


def energy(logits: Array, task: str) -> Array:
    """(samples,) of logits (samples, outputs)."""
    z = logits.astype(np.float64)
    if task == "multi_class":
        largest = z.max(axis=1)
        return -(largest + np.log(np.exp(z - largest[:, np.newaxis]).sum(axis=1)))
    return -softplus(z).sum(axis=1)


def class_means(features: Array, indicators: NDArray[np.int64]) -> Array:
    """(classes, features): mean features of each class's samples; zeros for a class without any.

    Args:
        features: (samples, features).
        indicators: (samples, classes) of 0 and 1.
    """
    counts = np.maximum(indicators.sum(axis=0), 1)
    return (indicators.T.astype(features.dtype) @ features) / counts[:, np.newaxis]


def distance_to_means(features: Array, means: Array) -> Array:
    """(samples,): Euclidean distance to the nearest mean, by the length of that mean."""
    nearest = np.full(len(features), np.inf)
    for mean in means:  # one after the other: all differences at once would be large
        if length := np.linalg.norm(mean):
            np.minimum(nearest, np.linalg.norm(features - mean, axis=1) / length, out=nearest)
    return nearest

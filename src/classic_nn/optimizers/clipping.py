"""Gradient clipping, in place on the one vector of all gradients."""

import math

import numpy as np

from src.classic_nn.array_types import Array


def clip_by_norm(gradient: Array, maximum: float) -> float:
    """Shorten the gradient to the given Euclidean norm if it is longer; return the norm before.

        g <- g * min(1, maximum / |g|)       over all parameters together

    (Pascanu et al. 2013, algorithm 1).

    >>> g = np.array([3.0, 4.0])
    >>> clip_by_norm(g, 1.0), g
    (5.0, array([0.6, 0.8]))
    """
    with np.errstate(over="ignore"):
        squares = float(np.dot(gradient, gradient))
    if squares == np.inf:  # beyond float32, where single values reach 1e19
        wide = gradient.astype(np.float64)
        squares = float(np.dot(wide, wide))
    norm = math.sqrt(squares)
    if norm > maximum:
        gradient *= maximum / norm
    return norm


def clip_by_value(gradient: Array, maximum: float) -> None:
    """Limit every component to [-maximum, maximum].

    >>> g = np.array([3.0, -4.0])
    >>> clip_by_value(g, 3.5)
    >>> g
    array([ 3. , -3.5])
    """
    np.clip(gradient, -maximum, maximum, out=gradient)

"""Pooling of one window, to be read: which elements get the gradient."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array


def create_mask_from_window(window: Array) -> NDArray[np.bool_]:
    """True at the first maximum of a window (height, width), in reading order.

    >>> create_mask_from_window(np.array([[1.0, 3.0], [3.0, 2.0]]))
    array([[False,  True],
           [False, False]])
    """
    mask = np.zeros(window.shape, bool)
    mask.flat[np.argmax(window)] = True
    return mask


def distribute_value(value: float, shape: tuple[int, int]) -> NDArray[Any]:
    """The value in equal parts over a window (height, width).

    >>> distribute_value(2.0, (2, 2))
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    height, width = shape
    return np.full(shape, value / (height * width))

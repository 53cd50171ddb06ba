"""Pooling: max, average and global average, forward and backward."""

from src.classic_cnn.pooling.backward import (
    average_pool_backward,
    global_average_pool_backward,
    max_pool_backward,
)
from src.classic_cnn.pooling.forward import (
    average_pool_forward,
    global_average_pool_forward,
    max_pool_forward,
)
from src.classic_cnn.pooling.utils import create_mask_from_window, distribute_value

__all__ = [
    "average_pool_backward",
    "average_pool_forward",
    "create_mask_from_window",
    "distribute_value",
    "global_average_pool_backward",
    "global_average_pool_forward",
    "max_pool_backward",
    "max_pool_forward",
]

"""Convolution and pooling on images (samples, height, width, channels), by hand, in NumPy."""

from src.classic_cnn.backward import conv_backward, conv_input_gradient
from src.classic_cnn.forward import conv_forward
from src.classic_cnn.layers import AveragePool2D, Conv2D, GlobalAveragePool, MaxPool2D
from src.classic_cnn.pooling import (
    average_pool_backward,
    average_pool_forward,
    create_mask_from_window,
    distribute_value,
    global_average_pool_backward,
    global_average_pool_forward,
    max_pool_backward,
    max_pool_forward,
)
from src.classic_cnn.utils import zero_pad

__all__ = [
    "AveragePool2D",
    "Conv2D",
    "GlobalAveragePool",
    "MaxPool2D",
    "average_pool_backward",
    "average_pool_forward",
    "conv_backward",
    "conv_forward",
    "conv_input_gradient",
    "create_mask_from_window",
    "distribute_value",
    "global_average_pool_backward",
    "global_average_pool_forward",
    "max_pool_backward",
    "max_pool_forward",
    "zero_pad",
]

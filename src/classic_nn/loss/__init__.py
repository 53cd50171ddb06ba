"""Losses: functions on logits, and the objects that hold their settings."""

from src.classic_nn.loss.base import Loss
from src.classic_nn.loss.binary_cross_entropy import (
    BinaryCrossEntropy,
    binary_cross_entropy,
    binary_cross_entropy_backward,
)
from src.classic_nn.loss.mean_squared_error import (
    MeanSquaredError,
    mean_squared_error,
    mean_squared_error_backward,
)
from src.classic_nn.loss.softmax_cross_entropy import (
    SoftmaxCrossEntropy,
    softmax_cross_entropy,
    softmax_cross_entropy_backward,
)
from src.classic_nn.loss.targets import one_hot

__all__ = [
    "BinaryCrossEntropy",
    "Loss",
    "MeanSquaredError",
    "SoftmaxCrossEntropy",
    "binary_cross_entropy",
    "binary_cross_entropy_backward",
    "mean_squared_error",
    "mean_squared_error_backward",
    "one_hot",
    "softmax_cross_entropy",
    "softmax_cross_entropy_backward",
]

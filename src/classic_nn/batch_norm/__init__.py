"""Batch normalization (Ioffe and Szegedy 2015): forward, inference and backward passes."""

from src.classic_nn.batch_norm.backward import (
    batch_norm_backward,
    batch_norm_backward_by_steps,
    batch_norm_inference_backward,
    batch_norm_inference_input_gradient,
)
from src.classic_nn.batch_norm.forward import (
    BatchNormCache,
    batch_norm_forward,
    batch_norm_forward_by_steps,
    batch_norm_inference,
    batch_statistics,
    normalize,
    update_running_statistics,
)

__all__ = [
    "BatchNormCache",
    "batch_norm_backward",
    "batch_norm_backward_by_steps",
    "batch_norm_forward",
    "batch_norm_forward_by_steps",
    "batch_norm_inference",
    "batch_norm_inference_backward",
    "batch_norm_inference_input_gradient",
    "batch_statistics",
    "normalize",
    "update_running_statistics",
]

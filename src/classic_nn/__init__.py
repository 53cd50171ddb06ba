"""Dense networks: every forward and backward pass by hand, in NumPy."""

from src.classic_nn.classic_model import (
    custom_model_backward,
    custom_model_forward,
    initialize_parameters_deep,
    update_parameters,
)
from src.classic_nn.context import Context
from src.classic_nn.gradient_check import (
    check_function,
    check_layer,
    check_loss,
    check_network,
)
from src.classic_nn.layers import (
    BatchNorm,
    Dense,
    Dropout,
    Flatten,
    HardSwish,
    Layer,
    LeakyReLU,
    Parallel,
    ReLU,
    ReLU6,
    Residual,
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
    SpatialDropout,
    SqueezeExcitation,
    StochasticDepth,
    Tanh,
    linear_backward,
    linear_forward,
    linear_input_gradient,
)
from src.classic_nn.loss import (
    BinaryCrossEntropy,
    MeanSquaredError,
    SoftmaxCrossEntropy,
)
from src.classic_nn.optimizers import create_optimizer
from src.classic_nn.parameters import ParameterVector
from src.classic_nn.regularization import L2
from src.classic_nn.schedules import create_schedule

__all__ = [
    "L2",
    "BatchNorm",
    "BinaryCrossEntropy",
    "Context",
    "Dense",
    "Dropout",
    "Flatten",
    "HardSwish",
    "Layer",
    "LeakyReLU",
    "MeanSquaredError",
    "Parallel",
    "ParameterVector",
    "ReLU",
    "ReLU6",
    "Residual",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "SoftmaxCrossEntropy",
    "SpatialDropout",
    "SqueezeExcitation",
    "StochasticDepth",
    "Tanh",
    "check_function",
    "check_layer",
    "check_loss",
    "check_network",
    "create_optimizer",
    "create_schedule",
    "custom_model_backward",
    "custom_model_forward",
    "initialize_parameters_deep",
    "linear_backward",
    "linear_forward",
    "linear_input_gradient",
    "update_parameters",
]

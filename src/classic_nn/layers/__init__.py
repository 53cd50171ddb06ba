"""Layers and the network made of them."""

from src.classic_nn.layers.activations import (
    ACTIVATIONS,
    Activation,
    HardSwish,
    LeakyReLU,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
)
from src.classic_nn.layers.base import Layer, TraceNode
from src.classic_nn.layers.batch_norm import BatchNorm
from src.classic_nn.layers.channels import ShuffleChannels, SliceChannels
from src.classic_nn.layers.copying import copy_network
from src.classic_nn.layers.dense import (
    Dense,
    linear_backward,
    linear_forward,
    linear_input_gradient,
)
from src.classic_nn.layers.dropout import Dropout, dropout_backward, dropout_forward
from src.classic_nn.layers.flatten import Flatten
from src.classic_nn.layers.graph import Graph, Join
from src.classic_nn.layers.instance_norm import InstanceNorm
from src.classic_nn.layers.local_response import LocalResponseNorm
from src.classic_nn.layers.parallel import Parallel
from src.classic_nn.layers.per_channel import PReLU, ScaleShift
from src.classic_nn.layers.piecewise import Clip, HardSigmoid
from src.classic_nn.layers.registry import LAYERS, layer_from_config
from src.classic_nn.layers.residual import Residual
from src.classic_nn.layers.sequential import Sequential
from src.classic_nn.layers.squeeze_excitation import SqueezeExcitation
from src.classic_nn.layers.structured_dropout import SpatialDropout, StochasticDepth
from src.classic_nn.layers.trace import trace_network

__all__ = [
    "ACTIVATIONS",
    "LAYERS",
    "Activation",
    "BatchNorm",
    "Clip",
    "Dense",
    "Dropout",
    "Flatten",
    "Graph",
    "HardSigmoid",
    "HardSwish",
    "InstanceNorm",
    "Join",
    "Layer",
    "LeakyReLU",
    "LocalResponseNorm",
    "PReLU",
    "Parallel",
    "ReLU",
    "ReLU6",
    "Residual",
    "ScaleShift",
    "Sequential",
    "ShuffleChannels",
    "SiLU",
    "Sigmoid",
    "SliceChannels",
    "Softmax",
    "SpatialDropout",
    "SqueezeExcitation",
    "StochasticDepth",
    "Tanh",
    "TraceNode",
    "copy_network",
    "dropout_backward",
    "dropout_forward",
    "layer_from_config",
    "linear_backward",
    "linear_forward",
    "linear_input_gradient",
    "trace_network",
]

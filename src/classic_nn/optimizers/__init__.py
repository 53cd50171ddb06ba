"""Optimizers: formulas on the vector of all parameters."""

from src.classic_nn.optimizers.adam import Adam, AdamW
from src.classic_nn.optimizers.base import Optimizer
from src.classic_nn.optimizers.clipping import clip_by_norm, clip_by_value
from src.classic_nn.optimizers.factory import OPTIMIZERS, create_optimizer
from src.classic_nn.optimizers.momentum import Momentum
from src.classic_nn.optimizers.nesterov import Nesterov
from src.classic_nn.optimizers.radam import RAdam
from src.classic_nn.optimizers.rms_prop import RMSProp
from src.classic_nn.optimizers.sgd import SGD

__all__ = [
    "OPTIMIZERS",
    "SGD",
    "Adam",
    "AdamW",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "RAdam",
    "RMSProp",
    "clip_by_norm",
    "clip_by_value",
    "create_optimizer",
]

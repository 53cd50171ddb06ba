"""Optimizers by name."""

from typing import Any

from src.classic_nn.optimizers.adam import Adam, AdamW
from src.classic_nn.optimizers.base import Optimizer
from src.classic_nn.optimizers.momentum import Momentum
from src.classic_nn.optimizers.nesterov import Nesterov
from src.classic_nn.optimizers.radam import RAdam
from src.classic_nn.optimizers.rms_prop import RMSProp
from src.classic_nn.optimizers.sgd import SGD
from src.common.lookup import create

OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "rms_prop": RMSProp,
    "adam": Adam,
    "adamw": AdamW,
    "radam": RAdam,
}
"""Optimizer classes by the names that a user types."""


def create_optimizer(name: str, **settings: Any) -> Optimizer:
    """Make an optimizer by name.

    Raises ValueError for an unknown name (the nearest is offered), an unknown setting or a value
    out of range.

    >>> create_optimizer("adam", learning_rate=0.01, beta2=0.99)
    Adam(learning_rate=0.01, beta1=0.9, beta2=0.99, epsilon=1e-08)
    """
    return create("optimizer", name, OPTIMIZERS, settings)

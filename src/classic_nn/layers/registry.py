"""Layers by the names under which model files and configurations know them."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from src.classic_nn.layers.activations import ACTIVATIONS
from src.classic_nn.layers.base import Layer
from src.classic_nn.layers.batch_norm import BatchNorm
from src.classic_nn.layers.channels import ShuffleChannels, SliceChannels
from src.classic_nn.layers.dense import Dense
from src.classic_nn.layers.dropout import Dropout
from src.classic_nn.layers.flatten import Flatten
from src.classic_nn.layers.graph import Graph, Join
from src.classic_nn.layers.instance_norm import InstanceNorm
from src.classic_nn.layers.local_response import LocalResponseNorm
from src.classic_nn.layers.parallel import Parallel
from src.classic_nn.layers.per_channel import PReLU, ScaleShift
from src.classic_nn.layers.piecewise import Clip, HardSigmoid
from src.classic_nn.layers.residual import Residual
from src.classic_nn.layers.sequential import Sequential
from src.classic_nn.layers.squeeze_excitation import SqueezeExcitation
from src.classic_nn.layers.structured_dropout import SpatialDropout, StochasticDepth
from src.common.lookup import lookup

LAYERS: dict[str, type[Layer]] = {
    layer.__name__: layer
    for layer in (
        *(BatchNorm, Dense, Dropout, Flatten, SpatialDropout, StochasticDepth),
        *(Graph, Join, Parallel, Residual, Sequential, SqueezeExcitation),
        *(Clip, HardSigmoid, Layer, PReLU, ScaleShift),
        *(InstanceNorm, LocalResponseNorm, ShuffleChannels, SliceChannels),
        *ACTIVATIONS.values(),
    )
}
"""Layer classes by class name. A package that defines further layers adds them here."""


LATE: dict[str, str] = {}
"""Modules of layers that are imported when a configuration names one, by class name."""


def layer_from_config(config: Mapping[str, Any]) -> Layer:
    """Make the layer that ``Layer.config`` described, without parameters until it is built.

    Raises ValueError for an unknown type, or for settings that the type does not have.

    >>> layer_from_config({"type": "Dense", "out_features": 3})
    Dense(out_features=3, bias=True, initialization='he')
    """
    settings = dict(config)
    names = settings.pop("names", None)  # of a container's layers
    kind = str(settings.pop("type", None))
    if kind not in LAYERS and kind in LATE:
        import_module(LATE[kind])
    try:
        layer_class = lookup("layer type", kind, LAYERS)
    except ValueError as error:
        raise ValueError(
            f"{error} (and layers on images once src.classic_cnn is imported)"
        ) from None
    for name, value in settings.items():  # a container's children are configurations themselves
        if isinstance(value, dict):
            settings[name] = layer_from_config(value)
        elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
            made = [layer_from_config(inner) for inner in value]
            settings[name] = dict(zip(names, made, strict=True)) if names else made
    try:
        return layer_class(**settings)
    except TypeError as error:
        raise ValueError(f"{layer_class.__name__} has no such settings: {error}") from None

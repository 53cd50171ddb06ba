"""Batch normalization folded into the convolution or dense layer before it.

In evaluation both are affine maps of each channel, and so is one after the other:

    y  = gamma (conv(x, W) + b - mean) / sqrt(variance + epsilon) + beta
       = conv(x, W s) + (b - mean) s + beta        with s = gamma / sqrt(variance + epsilon)

So a network that will not be trained any more needs no batch normalization after a layer with
weights (Jacob et al. 2018, section 3.2). One that comes before, as in ResNet v2, stays.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from src.classic_cnn.layers import Conv2D
from src.classic_nn import BatchNorm, Dense, Layer, Sequential
from src.classic_nn.layers.container import Container
from src.classic_nn.layers.registry import layer_from_config

FOLDED_INTO = (Conv2D, Dense)
"""Layers that a batch normalization after them can be folded into."""


def fold_batch_norm(network: Sequential) -> Sequential:
    """A network with the same outputs in evaluation, to rounding, and fewer layers.

    Args:
        network: built; it stays as it is.

    Raises ValueError for a network that is not built.
    """
    folded = without_batch_norm(network)
    folded.build(network.built_shape(), None, network.parameters.vector.dtype)
    _copy(network, folded)
    return folded


def without_batch_norm(network: Sequential) -> Sequential:
    """The folded network's architecture, not built: for weights that were published folded."""
    folded = layer_from_config(_folded(network.config()))
    assert isinstance(folded, Sequential)
    return folded


def _folded(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of a layer, with what is inside of it folded."""
    folded = dict(config)
    for setting, value in config.items():
        if isinstance(value, dict):
            folded[setting] = _folded(value)
        elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
            folded[setting] = [_folded(inner) for inner in value]
    if config["type"] != Sequential.__name__:
        return folded
    into = {kind.__name__ for kind in FOLDED_INTO}
    layers = folded["layers"]
    gone = {
        k
        for k, (before, layer) in enumerate(pairwise(layers), start=1)
        if layer["type"] == BatchNorm.__name__ and before["type"] in into
    }
    for k in gone:
        layers[k - 1]["bias"] = True
    for setting in {"layers", "names"} & folded.keys():
        folded[setting] = [one for k, one in enumerate(folded[setting]) if k not in gone]
    return folded


def _copy(layer: Layer, folded: Layer) -> None:
    """Give the folded layer the values that its arrays stand for."""
    if isinstance(layer, Sequential) and isinstance(folded, Sequential):
        rest = iter(folded.layers)
        before, copied = layer.layers[0], folded.layers[0]
        for inner in layer.layers:
            if isinstance(inner, BatchNorm) and isinstance(before, FOLDED_INTO):
                _fold(inner, copied)
            else:
                copied = next(rest)
                _copy(inner, copied)
            before = inner
    elif isinstance(layer, Container) and isinstance(folded, Container):
        for inner, other in zip(layer.children(), folded.children(), strict=True):
            _copy(inner, other)
    else:
        for name, array in (layer.frozen or layer.parameters).items():
            folded.parameters[name] = array
        for name, array in layer.buffers.items():
            folded.buffers[name][...] = array


def _fold(batch_norm: BatchNorm, layer: Layer) -> None:
    """W <- W s and b <- (b - mean) s + beta; computed in float64, as s may be large."""
    parameters = batch_norm.frozen or batch_norm.parameters
    mean, variance = (
        batch_norm.buffers[name].astype(np.float64) for name in ("running_mean", "running_variance")
    )
    s = parameters["gamma"] / np.sqrt(variance + batch_norm.epsilon)
    layer.parameters["W"] = layer.parameters["W"] * s
    layer.parameters["b"] = (layer.parameters["b"] - mean) * s + parameters["beta"]

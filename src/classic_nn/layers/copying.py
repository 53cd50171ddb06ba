"""Copies of networks, in another precision if wanted."""

import numpy as np
from numpy.typing import DTypeLike

from src.classic_nn.layers.registry import layer_from_config
from src.classic_nn.layers.sequential import Sequential


def copy_network(network: Sequential, dtype: DTypeLike | None = None) -> Sequential:
    """A network with the same architecture, parameters and running statistics, in own memory.

    ``dtype`` defaults to that of the original. Raises ValueError for a network that is not built.
    """
    if network.input_shape is None:
        raise ValueError(f"{network.name} has no parameters yet: call build(input_shape, rng)")
    dtype = network.parameters.vector.dtype if dtype is None else dtype
    copied = layer_from_config(network.config())
    assert isinstance(copied, Sequential)
    copied.build(network.input_shape, np.random.default_rng(0), dtype)
    copied.parameters.vector[...] = network.parameters.vector
    for name, buffer in network.buffers.items():
        copied.buffers[name][...] = buffer
    return copied

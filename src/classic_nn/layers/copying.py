"""Copies of networks, in another precision if wanted."""

from numpy.typing import DTypeLike

from src.classic_nn.layers.container import Container
from src.classic_nn.layers.registry import layer_from_config


def copy_network(network: Container, dtype: DTypeLike | None = None) -> Container:
    """A network with the same architecture, parameters and running statistics, in own memory.

    ``dtype`` defaults to that of the original. Raises ValueError for a network that is not built.
    """
    dtype = network.parameters.vector.dtype if dtype is None else dtype
    copied = layer_from_config(network.config())
    assert isinstance(copied, Container)
    for own, other in zip(copied.descendants(), network.descendants(), strict=True):
        own.trainable = other.trainable
    copied.build(network.built_shape(), None, dtype)
    copied.parameters.vector[...] = network.parameters.vector
    for name, array in [*network.frozen.items(), *network.buffers.items()]:
        (copied.frozen if name in network.frozen else copied.buffers)[name][...] = array
    return copied

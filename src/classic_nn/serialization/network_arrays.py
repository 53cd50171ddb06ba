"""The arrays of a network that a file must hold: parameters and running statistics, by name."""

from collections.abc import Mapping

from src.classic_nn.array_types import Array
from src.classic_nn.layers.base import Layer


def network_arrays(network: Layer) -> dict[str, Array]:
    """Views of all parameters, trained or frozen, and running statistics.

    Their names are "parameters/W1", "buffers/...": what is frozen does not change them.
    """
    parameters = {**network.parameters, **network.frozen}
    return {f"parameters/{name}": array for name, array in parameters.items()} | {
        f"buffers/{name}": array for name, array in network.buffers.items()
    }


def load_network_arrays(network: Layer, arrays: Mapping[str, Array]) -> None:
    """Copy values into the network; the names are those of ``network_arrays``.

    Raises ValueError where one is missing or of another shape.
    """
    for name, own in network_arrays(network).items():
        if name not in arrays or arrays[name].shape != own.shape:
            got = arrays[name].shape if name in arrays else "nothing"
            raise ValueError(f"expected {name} of shape {own.shape}, got {got}")
        own[...] = arrays[name]

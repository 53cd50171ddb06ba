"""The arrays of a network that a file must hold: parameters and running statistics, by name."""

import hashlib
from collections.abc import Collection, Mapping

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.layers.base import Layer
from src.classic_nn.layers.container import Container


def network_arrays(network: Layer) -> dict[str, Array]:
    """Views of all parameters, trained or frozen, and running statistics.

    Their names are "parameters/W1", "buffers/...": what is frozen does not change them.
    """
    parameters = {**network.parameters, **network.frozen}
    return {f"parameters/{name}": array for name, array in parameters.items()} | {
        f"buffers/{name}": array for name, array in network.buffers.items()
    }


def trained_arrays(network: Layer) -> dict[str, Array]:
    """Those of ``network_arrays`` that training changes: of layers that are not frozen."""
    frozen = frozen_names(network)
    return {name: array for name, array in network_arrays(network).items() if name not in frozen}


def frozen_names(network: Layer) -> set[str]:
    """Names, as in ``network_arrays``, of the arrays of frozen layers."""
    parameters = {f"parameters/{name}" for name in network.frozen}
    return parameters | {f"buffers/{name}" for name in _frozen_buffers(network)}


def _frozen_buffers(layer: Layer) -> set[str]:
    if not isinstance(layer, Container):
        return set() if layer.trainable else set(layer.buffers)
    return {
        names[local]
        for child, names in zip(layer.children(), layer.child_names("buffers"), strict=True)
        for local in _frozen_buffers(child)
    }


def frozen_digest(network: Layer) -> str:
    """SHA-256 of the arrays of frozen layers, in hexadecimal; empty where there are none."""
    frozen = frozen_names(network)
    arrays = {name: array for name, array in network_arrays(network).items() if name in frozen}
    return arrays_digest(arrays) if arrays else ""


def arrays_digest(arrays: Mapping[str, Array]) -> str:
    """SHA-256 of arrays by name, in hexadecimal: tells one set of weights from another."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype.str} {arrays[name].shape}".encode())
        digest.update(np.ascontiguousarray(arrays[name]).data)
    return digest.hexdigest()


def load_network_arrays(
    network: Layer, arrays: Mapping[str, Array], names: Collection[str] | None = None
) -> None:
    """Copy values into the network; the names are those of ``network_arrays``.

    Args:
        network: built.
        arrays: values by name.
        names: of the arrays to be set; None for all.

    Raises ValueError where one is missing or of another shape.
    """
    for name, own in network_arrays(network).items():
        if names is not None and name not in names:
            continue
        if name not in arrays or arrays[name].shape != own.shape:
            got = arrays[name].shape if name in arrays else "nothing"
            raise ValueError(f"expected {name} of shape {own.shape}, got {got}")
        own[...] = arrays[name]

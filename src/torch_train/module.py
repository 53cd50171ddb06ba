"""A network of ours as a module of PyTorch, and its weights back."""

import numpy as np
import torch
from torch import Tensor, nn

from src.classic_nn.array_types import Array
from src.classic_nn.layers.base import Layer
from src.classic_nn.layers.container import Container
from src.classic_nn.layers.observing import parameter_labels
from src.classic_nn.layers.trace import trace_network
from src.torch_train.layers import LayerModule, as_ours, as_torch, translate_layer


class TorchNetwork(nn.Module):  # type: ignore[misc]
    """Computes what a network computes, operation by operation of its trace.

    It takes and returns what the network does: (samples, height, width, channels) or (samples,
    features).

    Args:
        network: built; its weights are copied.

    Raises ValueError for a layer that has no translation, and for samples of other shapes.
    """

    def __init__(self, network: Container) -> None:
        super().__init__()
        shape = network.built_shape()
        if len(shape) not in (1, 3):
            raise ValueError(f"expected samples of features, or images; got samples of {shape}")
        nodes = trace_network(network)
        shapes = {node.path: node.shape for node in nodes}
        self.layers = nn.ModuleDict()
        self.paths: dict[str, str] = {}
        self._steps: list[tuple[str, str | None, str, tuple[str, ...]]] = []
        for k, node in enumerate(nodes[1:]):
            name = None
            if node.layer is not None:
                name = f"{k}_{node.path.replace('.', '_')}"  # a ModuleDict takes no dots
                self.layers[name] = translate_layer(node.layer, shapes[node.inputs[0]], node.path)
                self.paths[name] = node.path
            self._steps.append((node.path, name, node.operation, node.inputs))
        self._input = nodes[0].path
        last = {path: k for k, node in enumerate(nodes[1:]) for path in node.inputs}
        self._done: list[list[str]] = [[] for _ in self._steps]
        for path, k in last.items():
            self._done[k].append(path)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs of the network (samples, ...)."""
        values = {self._input: x.permute(0, 3, 1, 2) if x.ndim == 4 else x}
        y = values[self._input]
        for (path, name, operation, inputs), done in zip(self._steps, self._done, strict=True):
            taken = [values[one] for one in inputs]
            y = self.layers[name](taken[0]) if name is not None else join(operation, taken)
            values[path] = y
            for one in done:
                del values[one]
        return y.permute(0, 2, 3, 1) if y.ndim == 4 else y


def join(operation: str, inputs: list[Tensor]) -> Tensor:
    """What a container makes of the outputs of its children."""
    first, *others = inputs
    if operation == "Concatenate":
        return torch.cat(inputs, 1)
    if operation == "Mean":
        return first.mean(tuple(range(2, first.ndim)))
    if operation == "Add":
        return sum(others, start=first)
    (scale,) = others  # Multiply: a number for each sample and channel
    return first * scale.reshape(*scale.shape, *[1] * (first.ndim - 2))


def to_torch(network: Container) -> TorchNetwork:
    """A module that computes what a network does, with copies of its weights.

    Args:
        network: built.

    Raises ValueError for a layer that has no translation.
    """
    return TorchNetwork(network).to(memory_format=torch.channels_last)


def from_torch(module: TorchNetwork, network: Container) -> None:
    """Copy weights and running statistics of a module into the network that it was made of.

    Raises ValueError where they do not fit.
    """
    layers = _layers(network)
    if list(layers) != list(module.paths.values()):
        raise ValueError("the module was made of another network: its layers have other names")
    for path, own, tensor in layer_tensors(module):
        arrays = _arrays(layers[path])
        if own not in arrays or arrays[own].size != tensor.numel():
            raise ValueError(f"the module was made of another network: {path} has no such {own}")
        np.copyto(arrays[own], as_ours(tensor))


def load_network(module: TorchNetwork, network: Container) -> None:
    """Copy weights and running statistics the other way: the inverse of ``from_torch``."""
    layers = _layers(network)
    with torch.no_grad():
        for path, own, tensor in layer_tensors(module):
            tensor.copy_(as_torch(_arrays(layers[path])[own]))


def _layers(network: Container) -> dict[str, Layer]:
    """Layers by their paths, in the order of the trace."""
    return {node.path: node.layer for node in trace_network(network) if node.layer is not None}


def _arrays(layer: Layer) -> dict[str, Array]:
    """All arrays of a layer, by name."""
    return {**layer.frozen, **layer.parameters, **layer.buffers}


def layer_tensors(module: TorchNetwork) -> list[tuple[str, str, Tensor]]:
    """Path of the layer, name in it, and tensor of every parameter and running statistic."""
    return [
        (module.paths[name], own, tensor)
        for name, layer in module.layers.items()
        if isinstance(layer, LayerModule)
        for own, tensor in [*layer.named_parameters(), *layer.named_buffers()]
    ]


def trained_tensors(module: TorchNetwork, network: Container) -> dict[str, Tensor]:
    """Tensors that are trained, by the names and in the order of the network's parameters."""
    tensors = {f"{path} ({own})": tensor for path, own, tensor in layer_tensors(module)}
    return {name: tensors[label] for name, label in parameter_labels(network).items()}

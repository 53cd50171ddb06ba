"""Looking at the outputs of every layer of a network."""

from collections.abc import Callable

from src.classic_nn.array_types import Array
from src.classic_nn.context import Context
from src.classic_nn.layers.base import Layer
from src.classic_nn.layers.container import Container


def layer_paths(network: Container) -> dict[Layer, str]:
    """Names of all layers inside, unique in the network: "conv2d1", "residual1.body.conv2d2".

    >>> import numpy as np
    >>> from src.classic_nn import Dense, ReLU, Sequential
    >>> list(layer_paths(Sequential([Dense(2), Sequential([ReLU()])])).values())
    ['dense1', 'sequential1', 'sequential1.relu1']
    """
    paths: dict[Layer, str] = {}
    for child in network.children():
        paths[child] = child.name
        if isinstance(child, Container):
            inside = layer_paths(child).items()
            paths.update({layer: f"{child.name}.{path}" for layer, path in inside})
    return paths


def parameter_labels(network: Container) -> dict[str, str]:
    """Where each parameter is, by its name in the network: the layer, and the name there.

    >>> import numpy as np
    >>> from src.classic_nn import Dense, Residual, Sequential
    >>> network = Sequential([Dense(2), Residual(Sequential([Dense(2)]))])
    >>> _ = network.build((2,), np.random.default_rng(0))
    >>> parameter_labels(network)["residual1.body.W1"]
    'residual1.body.dense1 (W)'
    """
    labels: dict[str, str] = {}
    for child, names in zip(network.children(), network.child_names("parameters"), strict=True):
        inside = parameter_labels(child) if isinstance(child, Container) else {}
        for local, name in names.items():
            own = inside.get(local)
            labels[name] = f"{child.name}.{own}" if own else f"{child.name} ({local})"
    return labels


def observe_outputs(
    network: Container, x: Array, look: Callable[[str, Layer, Array], None]
) -> Array:
    """Put samples through a network in evaluation mode, and look at every layer's output.

    Args:
        network: built.
        x: (samples, *input_shape).
        look: given a layer's path, the layer, and its output, (samples, *output_shape), as soon as
            it is there. The outputs of all layers together may be too much to keep: of 64 photos
            of 128 x 128 those of TinyVGG take 1.4 GB.

    Returns:
        The network's output.

    Containers are seen too, after the layers inside.
    """
    paths = layer_paths(network)
    context = Context(observer=lambda layer, y: look(paths[layer], layer, y), keep_cache=False)
    return network.forward(x, context)[0]

"""Does an explanation explain the model? The parameter-randomization check (Adebayo et al. 2018).

The weights of the network are replaced by random ones, layer after layer from the top, and the
explanation is made anew. One that depends on what was learned changes: its rank correlation with
the original falls. One that looks as before has drawn the photo's edges, not the model's reasons.
"""

import math

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.initializers import initialize_weights
from src.classic_nn.layers.base import Layer
from src.classic_nn.layers.container import Container
from src.classic_nn.layers.copying import copy_network
from src.classic_nn.layers.registry import layer_from_config

PARTS = (0.25, 0.5, 1.0)
"""Of the layers with weights: as many are randomized, from the last on; and the last one alone."""


def weighted_layers(network: Container) -> list[Layer]:
    """The layers with weights, in their order."""
    inside = (layer for layer in network.descendants() if not isinstance(layer, Container))
    return [layer for layer in inside if layer.parameters or layer.frozen]


def stages(network: Container) -> list[int]:
    """How many layers are randomized, one after the other: 1, a quarter, half and all of them."""
    count = len(weighted_layers(network))
    return sorted({min(1, count), *(max(math.ceil(part * count), 1) for part in PARTS)} - {0})


def randomized(network: Container, count: int, seed: int) -> Container:
    """A copy whose last ``count`` layers with weights are as if newly built.

    With one seed the random weights of a layer are the same, however many others have some: a
    cascade.
    """
    copied = copy_network(network)
    fresh = layer_from_config(network.config())
    assert isinstance(fresh, Container)
    fresh.build(network.built_shape(), None, network.parameters.vector.dtype)
    pairs = list(zip(copied.descendants(), fresh.descendants(), strict=True))
    chosen = {id(layer) for layer in weighted_layers(copied)[-count:]} if count else set()
    for number, (old, new) in enumerate(pairs):
        if id(old) in chosen:
            _take_over(old, new, np.random.default_rng([seed, number]))
    return copied


def _take_over(old: Layer, new: Layer, rng: np.random.Generator) -> None:
    """Give a layer new weights, and all else that another one has when it is built.

    Weights are drawn here: some layers start with zeros, which would explain nothing.
    """
    for name, array in new.parameters.items():
        values = initialize_weights(array.shape, "he", rng, array.dtype) if name == "W" else array
        (old.frozen if name in old.frozen else old.parameters)[name][...] = values
    for name, array in new.buffers.items():
        old.buffers[name][...] = array


def rank_correlation(
    one: NDArray[np.float64], other: NDArray[np.float64], signed: bool = False
) -> float:
    """Spearman's correlation of two maps; NaN where one is constant.

    That of absolute values says whether they look alike. A photo that is mostly black looks alike
    under every method that multiplies by the photo; with their signs the maps may still differ.
    """
    from scipy.stats import rankdata

    first, second = (rankdata((h if signed else np.abs(h)).ravel()) for h in (one, other))
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])

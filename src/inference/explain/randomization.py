"""Does an explanation explain the model? The parameter-randomization check (Adebayo et al. 2018).

The weights of the network are replaced by random ones, layer after layer from the top, and the
explanation is made anew. One that depends on what was learned changes: its rank correlation with
the original falls. One that looks as before has drawn the photo's edges, not the model's reasons.
"""

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.initializers import initialize_weights
from src.classic_nn.layers.base import Layer
from src.classic_nn.layers.container import Container
from src.classic_nn.layers.copying import copy_network
from src.classic_nn.layers.registry import layer_from_config

FRACTIONS = (0.0, 0.25, 0.5, 1.0)
"""Of the layers with weights, which are randomized; 0 stands for the last layer alone."""


def randomized(network: Container, fraction: float, rng: np.random.Generator) -> Container:
    """A copy whose last layers are as if newly built.

    Args:
        network: built.
        fraction: of the layers with weights that lose them, from the last to the first; at least
            one does.
        rng: draws weights.
    """
    copied = copy_network(network)
    fresh = layer_from_config(network.config())
    assert isinstance(fresh, Container)
    fresh.build(network.built_shape(), None, network.parameters.vector.dtype)
    pairs = [
        (old, new)
        for old, new in zip(copied.descendants(), fresh.descendants(), strict=True)
        if not isinstance(old, Container) and (old.parameters or old.frozen)
    ]
    count = max(round(fraction * len(pairs)), 1)
    for old, new in pairs[-count:]:
        _take_over(old, new, rng)
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

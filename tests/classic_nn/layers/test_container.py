import copy
import gc

import numpy as np
import pytest

from src.classic_nn import Dense, ReLU, Sequential
from src.classic_nn.layers import Parallel, Residual, SqueezeExcitation

CONTAINERS = {
    "Sequential": lambda layer: Sequential([ReLU(), layer]),
    "Residual": Residual,
    "shortcut": lambda layer: Residual(Dense(3), layer),
    "Parallel": lambda layer: Parallel([Dense(3), layer]),
    "SqueezeExcitation": SqueezeExcitation,
}


@pytest.mark.parametrize("second", CONTAINERS)
def test_a_layer_of_one_network_is_refused_by_another(second, rng):
    """Today's values stay: the layer would write the second network's over the first's."""
    first = Sequential([Dense(4), Dense(3)])
    first.build((3,), rng)
    before = first.parameters.vector.copy()
    with pytest.raises(
        ValueError,
        match=r"dense2 \(Dense\) stands in another network \(Sequential\) already.*a new layer",
    ):
        CONTAINERS[second](first.layers[1])
    assert first.layers[1].name == "dense2"
    first.parameters.vector[...] = 0
    assert not first.layers[1].parameters["W"].any()  # it is still a view of the first's vector
    assert before.any()


def test_a_network_inside_another_is_refused_by_a_third():
    block = Sequential([Dense(2)])
    outer = Sequential([block])
    with pytest.raises(ValueError, match=r"sequential1 .* stands in another network"):
        Sequential([block])
    with pytest.raises(ValueError, match=r"dense1 .* stands in another network"):
        Sequential([block.layers[0]])
    assert outer.layers == [block]


def test_a_container_that_does_not_exist_any_more_releases_its_layers(rng):
    layer = Dense(2)
    with pytest.raises(ValueError, match="each of them only once"):
        Sequential([layer, layer])
    Sequential([layer, ReLU()])
    gc.collect()
    network = Sequential([layer])
    network.build((3,), rng)
    network.build((4,), rng)  # again, by the same owner
    assert network.layers[0].parameters["W"].shape == (4, 2)


def test_a_deep_copy_owns_its_layers_once_it_is_built(rng):
    network = Sequential([Dense(2)])
    twin = copy.deepcopy(network)
    twin.build((3,), rng)
    with pytest.raises(ValueError, match="stands in another network"):
        Sequential(twin.layers)
    network.build((3,), np.random.default_rng(1))


def test_a_network_that_is_built_is_not_drawn_anew_inside_another(rng):
    """Whoever trained it, or a trainer that holds it, would keep a network that nobody trains."""
    trained = Sequential([Dense(2)])
    trained.build((3,), rng)
    before = trained.parameters.vector.copy()
    with pytest.raises(ValueError, match=r"Sequential .* has parameters already.*load its values"):
        Sequential([trained, Dense(1)])
    assert np.array_equal(trained.parameters.vector, before)

"""Networks of named layers, and parts of networks."""

from dataclasses import dataclass

import numpy as np
import pytest

from src.classic_nn import BatchNorm, Dense, Parallel, ReLU, Residual, Sequential
from src.classic_nn.layers import layer_from_config


def named(rng=None):
    block = Sequential({"sum": Residual(Sequential({"fc": Dense(4), "bn": BatchNorm()}))})
    network = Sequential({"stem": Dense(4), "relu": ReLU(), "block": block, "head": Dense(2)})
    network.build((3,), rng or np.random.default_rng(0), np.float64)
    return network


def test_names_stay_when_a_layer_is_inserted():
    network = Sequential({"a": Dense(2), "new": ReLU(), "b": Dense(3)})
    network.build((2,), np.random.default_rng(0))
    assert list(network.parameters) == ["a.W", "a.b", "b.W", "b.b"]
    assert [layer.name for layer in network.layers] == ["a", "new", "b"]
    assert list(named().parameters)[2:4] == ["block.sum.body.fc.W", "block.sum.body.fc.b"]
    assert next(iter(named().buffers)) == "block.sum.body.bn.running_mean"


def test_a_configuration_keeps_the_names():
    network = Sequential({"a": Parallel({"x": Dense(2), "y": Dense(3)}), "b": ReLU()})
    again = layer_from_config(network.config())
    assert again.config() == network.config()
    network.build((2,), np.random.default_rng(0))
    again.build((2,), None)
    assert (
        list(again.parameters) == list(network.parameters) == ["a.x.W", "a.x.b", "a.y.W", "a.y.b"]
    )
    assert not again.parameters.vector.any()  # nothing was drawn


@pytest.mark.parametrize("name", ["", "a.b"])
def test_a_name_that_no_path_can_hold(name):
    with pytest.raises(ValueError, match="names of layers without a dot"):
        Sequential({name: Dense(2)})


@dataclass(eq=False)
class Own(Sequential):
    """A subclass with a setting of its own."""

    rate: float = 0.5


@pytest.mark.parametrize("layers", [[Dense(2), ReLU()], {"a": Dense(2), "b": ReLU()}])
def test_a_subclass_takes_both_forms(layers, rng):
    made = Own(layers, 0.25)
    made.build((3,), rng)
    assert (made.rate, made.named) == (0.25, isinstance(layers, dict))
    assert made.config()["rate"] == 0.25
    assert len(made.layers) == 2


def test_layers_by_path():
    network = named()
    assert network["block.sum.body.fc"] is network["block"]["sum"]["body"]["fc"]
    assert network[0] is network["stem"]
    with pytest.raises(KeyError, match="unknown layer 'blok': did you mean 'block'"):
        network["blok"]
    with pytest.raises(KeyError, match=r"stem \(Dense\) has no layers inside"):
        network["stem.inner"]


@pytest.mark.parametrize(
    "cut", [slice(0, 2), slice(1, None), slice("block", None), slice(2, "head")]
)
def test_a_part_sees_the_same_memory(cut, rng):
    network = named(rng)
    part = network[cut]
    assert np.shares_memory(part.parameters.vector, network.parameters.vector)
    part.parameters.vector += 1
    for name, array in part.parameters.items():
        assert (network.parameters[name] == array).all()
    # and one after the other they are the whole
    first = network[:2]
    x = rng.normal(size=(5, 3))
    middle, _ = first.forward(x)
    y, _ = network[2:].forward(middle)
    assert (y == network.forward(x)[0]).all()


def test_a_part_is_trained_in_place(rng):
    network = named(rng)
    head = network["head":]
    assert list(head.parameters) == ["head.W", "head.b"]
    assert head.built_shape() == (4,)
    y, cache = head.forward(rng.normal(size=(5, 4)))
    _, gradients = head.backward(np.ones_like(y), cache)
    before = network.parameters.vector.copy()
    head.parameters.vector -= 0.1 * gradients.vector
    changed = np.flatnonzero(network.parameters.vector != before)
    assert changed.min() == network.parameters.vector.size - 10


@pytest.mark.parametrize("cut", [slice(0, 0), slice(0, 4, 2), slice(3, 1)])
def test_a_part_without_layers_is_refused(cut):
    with pytest.raises(IndexError, match="one layer or more in a row"):
        named()[cut]


def test_a_part_of_an_unnamed_network(rng):
    network = Sequential([Dense(3), ReLU(), Dense(2)])
    network.build((4,), rng)
    assert list(network[2:].parameters) == ["W1", "b1"]
    assert network.layers[2].name == "dense2"  # as in the whole

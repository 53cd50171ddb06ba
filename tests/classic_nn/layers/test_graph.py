"""What a graph of layers does beyond what all layers do: see ``test_all_layers`` for the rest."""

import numpy as np
import pytest

from src.classic_nn import Context, Dense, Tanh
from src.classic_nn.layers.graph import Graph, Join


def crossing():
    """Two ways from the input, of which the longer one begins with two layers."""
    made = Graph([Dense(4), Tanh(), Dense(4), Join("Add"), Dense(2)], [[-1], [0], [1], [0, 2], [3]])
    made.build((3,), np.random.default_rng(0), np.float64)
    return made


def test_nothing_is_computed_before_the_first_trained_layer(rng):
    made, x, dy = crossing(), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    _, cache = made.forward(x, Context(training=True))
    _, whole = made.backward(dy, cache)
    expected = whole.parts[4].vector.copy()
    for layer in made.layers[:3]:
        layer.freeze()
    seen = []
    context = Context(training=True, gradient_observer=lambda layer, _: seen.append(layer.name))
    _, cache = made.forward(x, context)
    dx, gradients = made.backward(dy, cache, context, input_gradient=False)
    assert seen == ["dense3"]
    assert dx is None
    np.testing.assert_array_equal(gradients.parts[4].vector, expected)


def test_layers_and_sources_that_make_no_graph_are_refused():
    with pytest.raises(ValueError, match="layer 1: expected sources from -1 to 0"):
        Graph([Tanh(), Tanh()], [[-1], [1]])
    with pytest.raises(ValueError, match="a join has sources, any other layer has one"):
        Graph([Tanh()], [[-1, -1]])
    with pytest.raises(ValueError, match="1 layers and 0 lists of sources"):
        Graph([Tanh()], [])

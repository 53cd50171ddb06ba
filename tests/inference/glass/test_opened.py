"""Every number opened is the sum of what is behind it: of values, of gradients, of weights."""

import numpy as np
import pytest

from src.classic_nn import Context
from src.classic_nn.layers.container import Container
from src.classic_nn.layers.registry import LAYERS
from src.classic_nn.layers.trace import trace_network
from src.inference.glass.gradients import open_gradient, open_weight_gradient
from src.inference.glass.passes import forward_passes
from src.inference.glass.values import open_value, opener_of
from tests.inference.glass.networks import NETWORKS, built

PLACES = 12
"""Places of each node that are opened."""


def both_ways(name, dtype=np.float64):
    network, x = built(name, dtype)
    passes = forward_passes(network, x)
    dy = np.random.default_rng(1).normal(size=passes.output.shape).astype(dtype)
    passes.backward(dy)
    return network, x, dy, passes


def places_of(shape, rng, count=PLACES):
    """Random ones, and the corners."""
    corners = [tuple(0 for _ in shape), tuple(n - 1 for n in shape)]
    return corners + [tuple(int(rng.integers(n)) for n in shape) for _ in range(count - 2)]


def assert_adds_up(opened, expected, scale, tolerance=1e-10):
    assert opened.value == expected
    assert abs(opened.total - expected) <= tolerance * scale, opened.formula
    for factor in opened.factors:
        assert factor.shape == opened.factors[0].shape


@pytest.mark.parametrize("name", NETWORKS)
def test_passes_are_those_of_the_network(name):
    network, x, dy, passes = both_ways(name)
    y, cache = network.forward(x[np.newaxis])
    np.testing.assert_allclose(passes.output, y[0], rtol=1e-10, atol=1e-12)
    dx, gradients = network.backward(dy[np.newaxis], cache)
    largest = np.abs(dx).max()
    np.testing.assert_allclose(passes.gradients["input"], dx, atol=1e-12 + 1e-10 * largest)
    found = np.concatenate([g.vector for g in passes.parameter_gradients.values()])
    everything = sorted(np.concatenate([np.ravel(g) for g in gradients.values()]))
    scale = np.abs(everything).max()
    np.testing.assert_allclose(sorted(found), everything, atol=1e-10 * scale)


@pytest.mark.parametrize("name", NETWORKS)
def test_values(name):
    _, _, _, passes = both_ways(name)
    rng = np.random.default_rng(2)
    for path, node in passes.nodes.items():
        y = passes.values[path][0]
        for place in places_of(node.shape, rng):
            opened = open_value(passes, path, place)
            assert_adds_up(opened, float(y[place]), np.abs(y).max())
            if opened.source is not None:
                assert opened.source.path in node.inputs
                if opened.factors:
                    assert opened.source.shape == opened.factors[0].shape


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_of_values(name):
    _, _, _, passes = both_ways(name)
    rng = np.random.default_rng(3)
    for path, node in passes.nodes.items():
        dy = passes.gradients[path][0]
        scale = max(np.abs(dy).max(), 1e-300)
        for place in places_of(node.shape, rng):
            assert_adds_up(open_gradient(passes, path, place), float(dy[place]), scale)


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_of_weights(name):
    _, _, _, passes = both_ways(name)
    rng = np.random.default_rng(4)
    assert passes.parameter_gradients
    for path, gradients in passes.parameter_gradients.items():
        for key, gradient in gradients.items():
            scale = max(np.abs(gradient).max(), 1e-300)
            for place in places_of(gradient.shape, rng, 6):
                opened = open_weight_gradient(passes, path, key, place)
                assert_adds_up(opened, float(gradient[place]), scale)


def test_float32_networks_add_up_to_1e_5():
    _, _, _, passes = both_ways("efficientnet", np.float32)
    rng = np.random.default_rng(5)
    for path, node in passes.nodes.items():
        for values, opener in ((passes.values, open_value), (passes.gradients, open_gradient)):
            y = values[path][0]
            for place in places_of(node.shape, rng, 4):
                scale = max(np.abs(y).max(), 1e-30)
                assert_adds_up(opener(passes, path, place), float(y[place]), scale, 1e-5)


def test_gradients_are_those_of_finite_differences():
    network, x, dy, passes = both_ways("residual")
    for place in places_of(x.shape, np.random.default_rng(6), 5):
        moved = x.copy()
        sums = []
        for step in (1e-6, -1e-6):
            moved[place] = x[place] + step
            sums.append(float(network.forward(moved[np.newaxis], Context())[0][0] @ dy))
        slope = (sums[0] - sums[1]) / 2e-6
        assert open_gradient(passes, "input", place).total == pytest.approx(slope, rel=1e-5)


def test_a_window_shows_what_lies_in_it():
    _, x, _, passes = both_ways("stride and padding")
    opened = open_value(passes, "conv2d1", (0, 0, 2))
    assert opened.source.start == (-2, -1, 0)
    assert opened.source.step == (1, 1, 1)
    assert not opened.factors[0][:2].any()  # padding
    assert not opened.factors[0][:, 0].any()
    np.testing.assert_array_equal(opened.factors[0][2, 1], x[0, 0])


def test_pooling_says_which_pixel_has_won():
    _, x, _, passes = both_ways("max pooling")
    opened = open_value(passes, "maxpool2d1", (1, 1, 3))
    row, column, _ = (s + w for s, w in zip(opened.source.start, opened.winner, strict=True))
    assert x[row, column, 3] == x[1:4, 1:4, 3].max() == opened.value


def test_dropped_channels_are_zero():
    network, x = built("convolution")
    passes = forward_passes(network, x, {"conv2d1": [1, 4]})
    assert not passes.values["conv2d1"][..., [1, 4]].any()
    whole = forward_passes(network, x)
    kept = [0, 2, 3, 5]
    np.testing.assert_array_equal(
        passes.values["relu1"][..., kept], whole.values["relu1"][..., kept]
    )
    assert (passes.output != whole.output).any()


def test_every_layer_of_networks_of_numbers_can_be_opened():
    """What is new has to be entered, or stand among those that are not shown."""
    shown = {
        node.operation
        for name in NETWORKS
        for node in trace_network(built(name)[0])
        if node.layer is not None
    }
    others = {"SpatialDropout"}  # is Dropout in evaluation
    containers = {name for name, kind in LAYERS.items() if issubclass(kind, Container)} | {"Join"}
    with_integers = {name for name, kind in LAYERS.items() if ".quantized" in kind.__module__}
    assert set(LAYERS) - containers - with_integers - shown == others
    for name in others:
        assert opener_of(LAYERS[name]()) is not None


@pytest.mark.parametrize("place", [(0, 0), (0, 0, 0, 0), (9, 0, 0), (0, -1, 0)])
def test_places_that_there_are_not(place):
    _, _, _, passes = both_ways("convolution")
    for opener in (open_value, open_gradient):
        with pytest.raises(IndexError, match="expected a place within"):
            opener(passes, "conv2d1", place)

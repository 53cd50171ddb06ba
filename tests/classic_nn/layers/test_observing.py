import numpy as np

from src.classic_nn import Dense, ReLU, Sequential
from src.classic_nn.layers import Dropout, Parallel, Residual
from src.classic_nn.layers.observing import layer_paths, observe_outputs


def network():
    block = Residual(Sequential([Dense(4), ReLU(), Dense(4)]))
    wide = Parallel([Sequential([Dense(2)]), Sequential([Dense(3), ReLU()])])
    made = Sequential([Dense(4), block, wide, Dropout(0.5), Dense(2)])
    made.build((3,), np.random.default_rng(0), np.float64)
    return made


def test_every_layer_has_a_path_of_its_own():
    paths = list(layer_paths(network()).values())
    assert len(set(paths)) == len(paths)
    assert {"dense1", "residual1.body.relu1", "parallel1.branch2.dense1", "dense2"} <= set(paths)


def test_outputs_are_seen_in_order_and_are_those_of_evaluation(rng):
    made, x = network(), rng.normal(size=(5, 3))
    seen = {}
    y = observe_outputs(made, x, lambda path, layer, output: seen.update({path: output.copy()}))
    assert np.array_equal(y, made.forward(x)[0])
    assert list(seen)[:5] == [
        "dense1",
        "residual1.body.dense1",
        "residual1.body.relu1",
        "residual1.body.dense2",
        "residual1",
    ]
    assert np.array_equal(seen["dense2"], y)
    assert np.array_equal(seen["dropout1"], seen["parallel1"])  # nothing is dropped
    body, _ = made.layers[1].body.forward(seen["dense1"])
    assert np.array_equal(seen["residual1"], body + seen["dense1"])

"""Learning rates of parts of the trained vector."""

from dataclasses import replace

import numpy as np
import pytest

from src.classic_nn.optimizers import OPTIMIZERS
from src.classic_nn.parameters import ParameterVector

NAMES = {"stem.W": (3, 4), "stem.b": (4,), "layer1.W": (4, 5), "layer10.W": (5, 5), "head.W": (5,)}
FACTORS = {"stem.": 0.1, "layer1.": 0.5, "head.": 2.0}
EXPECTED = {"stem.W": 0.1, "stem.b": 0.1, "layer1.W": 0.5, "layer10.W": 1.0, "head.W": 2.0}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_part_steps_as_with_a_learning_rate_of_its_own(name, rng):
    together = OPTIMIZERS[name](learning_rate=0.02)
    together.rate_factors = dict(FACTORS)
    parameters = ParameterVector.pack({k: rng.normal(size=s) for k, s in NAMES.items()}, np.float64)
    alone = {
        k: (
            replace(together, learning_rate=0.02 * EXPECTED[k]),
            ParameterVector.pack({k: v}, np.float64),
        )
        for k, v in parameters.items()
    }
    for _ in range(7):
        gradients = ParameterVector.pack(
            {k: rng.normal(size=s) for k, s in NAMES.items()}, np.float64
        )
        together.step(parameters, gradients)
        for k, (optimizer, own) in alone.items():
            optimizer.step(own, ParameterVector.pack({k: gradients[k]}, np.float64))
    assert together.learning_rate == 0.02
    for k, (_, own) in alone.items():
        assert np.allclose(parameters[k], own[k], rtol=1e-12, atol=0)


def test_neighbours_of_one_factor_are_one_range():
    optimizer = OPTIMIZERS["adam"]()
    optimizer.rate_factors = dict(FACTORS)
    parameters = ParameterVector(NAMES)
    assert optimizer.rate_ranges(parameters) == [
        *((0, 16, 0.1), (16, 36, 0.5), (36, 61, 1.0), (61, 66, 2.0))
    ]


def test_an_interrupted_step_leaves_the_learning_rate(rng):
    optimizer = OPTIMIZERS["sgd"](learning_rate=0.5)
    optimizer.rate_factors = dict(FACTORS)

    def interrupted(task, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        optimizer.step(ParameterVector(NAMES), ParameterVector(NAMES), interrupted)
    assert optimizer.learning_rate == 0.5


def test_forgetting(rng):
    optimizer = OPTIMIZERS["adam"]()
    parameters = ParameterVector({"W": (3,)})
    optimizer.step(parameters, ParameterVector({"W": (3,)}))
    optimizer.forget()
    assert (optimizer.step_count, optimizer.state) == (0, {})
    optimizer.step(ParameterVector({"V": (5,)}), ParameterVector({"V": (5,)}))  # another layout

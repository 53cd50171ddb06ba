import numpy as np
import pytest

from src.classic_nn.gradient_check import check_arrays
from src.classic_nn.parameters import ParameterVector
from src.classic_nn.regularization import L2

ARRAYS = {"W1": (2, 3), "b1": (3,), "gamma1": (3,), "beta1": (3,)}


@pytest.fixture
def parameters(rng):
    return ParameterVector.pack({n: rng.normal(size=s) for n, s in ARRAYS.items()}, np.float64)


@pytest.mark.parametrize(
    ("batch_norm", "names"), [(False, {"W1"}), (True, {"W1", "gamma1", "beta1"})]
)
def test_penalty_and_gradients_reach_the_right_parameters(parameters, batch_norm, names):
    l2 = L2(0.3, batch_norm)
    expected = 0.15 * sum((parameters[name] ** 2).sum() for name in names)
    assert l2.penalty(parameters) == pytest.approx(expected)
    gradients = parameters.zeros_like()
    l2.add_gradients(parameters, gradients)
    for name in ARRAYS:
        wanted = 0.3 * parameters[name] if name in names else 0 * parameters[name]
        assert np.allclose(gradients[name], wanted)


def test_gradient_is_the_derivative_of_the_penalty(parameters, rng):
    l2 = L2(0.7, batch_norm=True)
    gradients = parameters.zeros_like()
    l2.add_gradients(parameters, gradients)
    check_arrays(
        lambda: np.array([l2.penalty(parameters)]),
        {"all": parameters.vector},
        {"all": gradients.vector},
        np.ones(1),
        rng,
    ).raise_if_failed()


def test_gradients_are_added_to_those_that_are_there(parameters):
    gradients = parameters.zeros_like()
    gradients.vector += 1
    L2(0.5).add_gradients(parameters, gradients)
    assert np.allclose(gradients["W1"], 1 + 0.5 * parameters["W1"])
    assert np.array_equal(gradients["b1"], np.ones(3))


@pytest.mark.parametrize("strength", [-1, float("nan")])
def test_strength_must_not_be_negative(strength):
    with pytest.raises(ValueError, match="L2 strength must be"):
        L2(strength)

import numpy as np
import pytest

from src.classic_nn import (
    BatchNorm,
    BinaryCrossEntropy,
    Dense,
    Dropout,
    ReLU,
    Sequential,
    check_function,
    check_layer,
    check_network,
)
from src.classic_nn.gradient_check import check_arrays
from tests.classic_nn.wrong_backwards import CASES, USER_ERRORS


def draw(shapes, rng):
    """Inputs without ties: max pooling has kinks where two values of a window are equal."""
    return {
        name: rng.permutation(int(np.prod(shape))).reshape(shape) / 7.0 - 5
        if len(shape) == 4
        else rng.normal(size=shape)
        for name, shape in shapes.items()
    }


def test_there_are_fifteen_canaries():
    assert len(USER_ERRORS) == 15


@pytest.mark.parametrize("case", CASES)
def test_right_backwards_pass(case, rng):
    forward, shapes, right, _ = CASES[case]
    check_function(forward, right, draw(shapes, rng), rng).raise_if_failed()


@pytest.mark.parametrize(("case", "mistake"), USER_ERRORS)
def test_canary_is_caught(case, mistake, rng):
    forward, shapes, _, wrong = CASES[case]
    report = check_function(forward, wrong[mistake], draw(shapes, rng), rng)
    assert not report.passed
    with pytest.raises(AssertionError, match="disagrees with finite differences"):
        report.raise_if_failed()


@pytest.mark.parametrize(("case", "mistake"), USER_ERRORS)
def test_canary_is_caught_along_one_random_direction(case, mistake):
    """What large arrays are checked by: no value one by one, two forward passes."""
    forward, shapes, right, wrong = CASES[case]
    for seed in range(5):
        rng = np.random.default_rng(seed)
        inputs = draw(shapes, rng)
        assert check_function(forward, right, inputs, rng, max_elements=0).passed
        assert not check_function(forward, wrong[mistake], inputs, rng, max_elements=0).passed


def test_the_usual_check_would_be_blind(rng):
    """The reason for the random upstream gradient: ones cannot see a zero batch-norm gradient."""
    x = rng.normal(size=(6, 4))
    y, _ = CASES["batch norm"][0](x)
    report = check_arrays(
        lambda: CASES["batch norm"][0](x)[0],
        {"x": x},
        {"x": np.zeros_like(x)},
        np.ones_like(y),
        rng,
    )
    assert report.passed


def test_a_kink_within_the_step_is_no_false_alarm(rng):
    """ReLU at 3e-6: the step of 1e-5 crosses 0, the smaller ones do not."""
    x = np.array([3e-6, 1.0])
    report = check_function(
        lambda x: (np.maximum(x, 0), x), lambda dy, x: dy * (x > 0), {"x": x}, rng
    )
    assert report.passed


def test_nan_gradient_fails(rng):
    report = check_function(
        lambda x: (x * 2, None), lambda dy, _: dy * np.nan, {"x": np.ones(3)}, rng
    )
    assert not report.passed


def test_arrays_are_restored_exactly(rng):
    network = Sequential([Dense(4), BatchNorm(), ReLU(), Dropout(0.3), Dense(2)])
    network.build((3,), rng, np.float64)
    vector = network.parameters.vector.copy()
    buffers = {name: array.copy() for name, array in network.buffers.items()}
    check_layer(network, rng.normal(size=(5, 3)), rng).raise_if_failed()
    assert np.array_equal(network.parameters.vector, vector)
    for name, array in network.buffers.items():
        assert np.array_equal(array, buffers[name])


def test_whole_network_with_its_loss_and_many_parameters(rng):
    network = Sequential([Dense(64), BatchNorm(), ReLU(), Dense(5)])
    network.build((30,), rng, np.float64)
    y = (rng.random((8, 5)) < 0.5).astype(np.float64)
    x = rng.normal(size=(8, 30))
    report = check_network(network, BinaryCrossEntropy(), x, y, rng, max_elements=20)
    report.raise_if_failed()
    assert [check.name for check in report.checks][1:] == list(network.parameters)
    assert "20 of 1920" in str(report)


def test_a_wrong_layer_in_a_network_is_found_and_named(rng):
    class Halved(ReLU):
        def derive(self, dy, kept):
            return super().derive(dy, kept) / 2

    network = Sequential([Dense(6), Halved(), Dense(2)])
    network.build((3,), rng, np.float64)
    y = np.ones((4, 2))
    report = check_network(network, BinaryCrossEntropy(), rng.normal(size=(4, 3)), y, rng)
    assert [check.name for check in report.checks if not check.passed] == ["x", "W1", "b1"]
    assert "WRONG" in str(report)


def test_float32_is_refused(rng):
    network = Sequential([Dense(2)])
    network.build((3,), rng)
    with pytest.raises(ValueError, match="W1: gradient checks need float64 arrays, got float32"):
        check_layer(network, np.ones((2, 3)), rng)


def test_a_gradient_of_another_shape_is_refused(rng):
    with pytest.raises(
        ValueError, match=r"x: expected a gradient of shape \(3,\), got shape \(1,\)"
    ):
        check_function(lambda x: (x, None), lambda dy, _: dy[:1], {"x": np.ones(3)}, rng)


@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_single_nan_fails_wherever_it_is(place, rng):
    def backward(dy, _):
        gradient = 2 * dy
        gradient[place] = np.nan
        return gradient

    report = check_function(lambda x: (2 * x, None), backward, {"x": rng.normal(size=5)}, rng)
    assert not report.passed


@pytest.mark.parametrize("error", [1e-5, -1e-5])
def test_an_error_of_a_hundred_thousandth_is_found(error, rng):
    report = check_function(
        lambda x: (np.sin(x), x),
        lambda dy, x: dy * np.cos(x) * (1 + error),
        {"x": rng.normal(size=6)},
        rng,
    )
    assert not report.passed


def test_values_that_no_sum_restores_are_restored(rng):
    x = np.array([0.1, 1e17, -3e-9])
    before = x.copy()
    check_arrays(lambda: x * 1.0, {"x": x}, {"x": np.ones(3)}, np.ones(3), rng)
    assert np.array_equal(x, before)


def test_a_gradient_below_the_rounding_errors_is_called_zero(rng):
    """The bias before a batch normalization."""
    network = Sequential([Dense(3), BatchNorm()])
    network.build((4,), rng, np.float64)
    report = check_layer(network, rng.normal(size=(5, 4)), rng)
    verdicts = {check.name: check.verdict for check in report.checks}
    assert verdicts == {"x": "ok", "W1": "ok", "b1": "zero", "gamma1": "ok", "beta1": "ok"}

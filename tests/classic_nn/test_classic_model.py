import numpy as np
import pytest

from src.classic_nn import (
    BinaryCrossEntropy,
    Dense,
    Sequential,
    custom_model_backward,
    custom_model_forward,
    initialize_parameters_deep,
    update_parameters,
)
from src.classic_nn.classic_model import ACTIVATION_FUNCTIONS
from src.classic_nn.gradient_check import check_function
from src.classic_nn.layers import ACTIVATIONS
from src.classic_nn.optimizers import SGD

DIMS = [6, 5, 4, 3]


@pytest.mark.parametrize("activation", ACTIVATION_FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_functions_and_layer_objects_agree_bit_for_bit(activation, dtype, rng):
    """The same weights, one training step: logits, cost, gradients and new weights are equal."""
    parameters = initialize_parameters_deep(DIMS, "he", np.random.default_rng(3), dtype)
    layers = []
    for width in DIMS[1:]:
        layers += [Dense(width), ACTIVATIONS[activation]()]
    network = Sequential(layers[:-1])
    network.build((6,), np.random.default_rng(3), dtype)
    assert list(network.parameters) == list(parameters)
    for name, value in parameters.items():
        assert np.array_equal(network.parameters[name], value)

    x = rng.normal(size=(7, 6)).astype(dtype)
    y = (rng.random((7, 3)) < 0.4).astype(dtype)
    loss = BinaryCrossEntropy()

    logits, caches = custom_model_forward(x, parameters, activation)
    layer_logits, layer_caches = network.forward(x)
    assert np.array_equal(logits, layer_logits)

    _, loss_cache = loss.forward(logits, y)
    gradients = custom_model_backward(loss.backward(loss_cache), caches)
    _, layer_gradients = network.backward(loss.backward(loss_cache), layer_caches)
    assert [f"d{name}" for name in layer_gradients] == sorted(gradients, key=lambda n: (n[2:], n))
    for name, gradient in layer_gradients.items():
        assert np.array_equal(gradients[f"d{name}"], gradient)

    updated = update_parameters(parameters, gradients, learning_rate=0.1)
    SGD(learning_rate=0.1).step(network.parameters, layer_gradients)
    for name, value in updated.items():
        assert np.array_equal(value, network.parameters[name])


@pytest.mark.parametrize("activation", ACTIVATION_FUNCTIONS)
def test_gradients_agree_with_finite_differences(activation, rng):
    x = rng.normal(size=(4, 6))
    start = initialize_parameters_deep(DIMS, "xavier", rng, np.float64)
    for name in ("b1", "b2", "b3"):  # with zero biases, units behind dead ones sit on the kink
        start[name] += rng.normal(size=start[name].shape)

    def forward(*values):
        return custom_model_forward(x, dict(zip(start, values, strict=True)), activation)

    def backward(dlogits, caches):
        gradients = custom_model_backward(dlogits, caches)
        return [gradients[f"d{name}"] for name in start]

    check_function(forward, backward, start, rng).raise_if_failed()


def test_a_network_worked_out_by_hand():
    """One hidden ReLU unit: z1 = 2*1 - 1 = 1, logit = 3*1 + 0.5 = 3.5."""
    parameters = {
        "W1": np.array([[2.0]]),
        "b1": np.array([-1.0]),
        "W2": np.array([[3.0]]),
        "b2": np.array([0.5]),
    }
    logits, caches = custom_model_forward(np.array([[1.0]]), parameters)
    gradients = custom_model_backward(np.array([[1.0]]), caches)
    assert logits.tolist() == [[3.5]]
    assert {name: value.item() for name, value in gradients.items()} == {
        "dW2": 1.0,
        "db2": 1.0,
        "dW1": 3.0,
        "db1": 3.0,
    }


def test_update_leaves_the_old_parameters_alone(rng):
    parameters = initialize_parameters_deep([2, 2], rng=rng)
    before = parameters["W1"].copy()
    update_parameters(parameters, {"dW1": np.ones((2, 2)), "db1": np.ones(2)}, 0.5)
    assert np.array_equal(parameters["W1"], before)


def test_unknown_activation_is_named(rng):
    with pytest.raises(ValueError, match="unknown activation 'rely': did you mean 'relu'"):
        custom_model_forward(np.ones((1, 2)), initialize_parameters_deep([2, 1]), "rely")

"""The classic model in functions: a whole network on one page.

A chain of linear layers with one activation between them, its parameters in a dictionary:

    a_0 = X
    z_l = a_{l-1} @ W_l + b_l                 l = 1 ... L
    a_l = activation(z_l)                     l < L
    logits = z_L

and backwards, starting from the loss's gradient with respect to the logits:

    dW_l = a_{l-1}^T @ dz_l,   db_l = sum over samples of dz_l
    da_{l-1} = dz_l @ W_l^T,   dz_{l-1} = da_{l-1} * activation'(z_{l-1})

(Rumelhart, Hinton and Williams 1986). The layer objects in ``classic_nn.layers`` compute the same
numbers, bit for bit; this page is where to read them first.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from src.classic_nn import math
from src.classic_nn.array_types import Array
from src.classic_nn.initializers import initialize_weights
from src.classic_nn.layers.dense import LinearCache, linear_backward, linear_forward
from src.common.lookup import lookup


class Activation(NamedTuple):
    """An activation, its backward, and whether that backward reads the output or the input."""

    forward: Callable[[Array], Array]
    backward: Callable[[Array, Array], Array]
    from_output: bool


ACTIVATION_FUNCTIONS = {
    "relu": Activation(math.relu, math.relu_backward, from_output=True),
    "leaky_relu": Activation(math.leaky_relu, math.leaky_relu_backward, from_output=False),
    "sigmoid": Activation(math.sigmoid, math.sigmoid_backward, from_output=True),
    "tanh": Activation(math.tanh, math.tanh_backward, from_output=True),
    "silu": Activation(math.silu, math.silu_backward, from_output=False),
}


class LayerCache(NamedTuple):
    """What the backward pass of one layer needs.

    Attributes:
        linear: input and weights of the linear part.
        activation: name of the activation after it, None after the last layer.
        saved: (samples, units), the activation's input or output, whichever its backward reads.
    """

    linear: LinearCache
    activation: str | None
    saved: Array


def initialize_parameters_deep(
    layer_dims: Sequence[int],
    initialization: str = "he",
    rng: np.random.Generator | None = None,
    dtype: DTypeLike = np.float32,
) -> dict[str, Array]:
    """Parameters of a chain of linear layers: random weights, zero biases.

    Args:
        layer_dims: units of the input and of every layer, (n_0, n_1, ..., n_L).
        initialization: see ``initialize_weights``.
        rng: random generator; seeded with 0 if None.
        dtype: float32 or float64.

    Returns:
        {"W1": (n_0, n_1), "b1": (n_1,), ..., "WL": (n_{L-1}, n_L), "bL": (n_L,)}
    """
    rng = np.random.default_rng(0) if rng is None else rng
    parameters: dict[str, Array] = {}
    for layer, shape in enumerate(pairwise(layer_dims), start=1):
        parameters[f"W{layer}"] = initialize_weights(shape, initialization, rng, dtype)
        parameters[f"b{layer}"] = np.zeros(shape[1], dtype)
    return parameters


def custom_model_forward(
    X: Array, parameters: Mapping[str, Array], activation: str = "relu"
) -> tuple[Array, list[LayerCache]]:
    """Logits of the network for a batch.

    Args:
        X: (samples, n_0).
        parameters: of ``initialize_parameters_deep``.
        activation: after every layer but the last: relu, leaky_relu, sigmoid, tanh or silu.

    Returns:
        logits (samples, n_L), and one cache a layer for ``custom_model_backward``.
    """
    function = lookup("activation", activation, ACTIVATION_FUNCTIONS)
    last = len(parameters) // 2
    a, caches = X, []
    for layer in range(1, last + 1):
        z, linear = linear_forward(a, parameters[f"W{layer}"], parameters[f"b{layer}"])
        if layer == last:
            caches.append(LayerCache(linear, None, z))
            return z, caches
        a = function.forward(z)
        caches.append(LayerCache(linear, activation, a if function.from_output else z))
    raise ValueError("parameters must hold W1 and b1 at least")


def custom_model_backward(dlogits: Array, caches: Sequence[LayerCache]) -> dict[str, Array]:
    """Gradients of all parameters.

    Args:
        dlogits: (samples, n_L), gradient of the loss with respect to the logits.
        caches: of ``custom_model_forward``.

    Returns:
        {"dW1": (n_0, n_1), "db1": (n_1,), ...}, each of the shape of its parameter.
    """
    gradients: dict[str, Array] = {}
    da = dlogits
    for layer in range(len(caches), 0, -1):
        linear, activation, saved = caches[layer - 1]
        dz = da if activation is None else ACTIVATION_FUNCTIONS[activation].backward(da, saved)
        previous, dW, db = linear_backward(dz, linear, input_gradient=layer > 1)
        gradients[f"dW{layer}"], gradients[f"db{layer}"] = dW, db
        if previous is not None:
            da = previous
    return gradients


def update_parameters(
    parameters: Mapping[str, Array], gradients: Mapping[str, Array], learning_rate: float
) -> dict[str, Array]:
    """One step of gradient descent, theta - learning_rate * dtheta; returns new arrays.

    A complete training step, on four points of which the label is "the first number is positive":

    >>> from src.classic_nn.loss import binary_cross_entropy, binary_cross_entropy_backward
    >>> X = np.array([[1.0, 2.0], [2.0, -1.0], [-1.0, 1.0], [-2.0, -2.0]])
    >>> Y = np.array([[1.0], [1.0], [0.0], [0.0]])
    >>> parameters = initialize_parameters_deep([2, 4, 1], dtype=np.float64)
    >>> for step in range(3):
    ...     logits, caches = custom_model_forward(X, parameters)
    ...     cost, cost_cache = binary_cross_entropy(logits, Y)
    ...     gradients = custom_model_backward(binary_cross_entropy_backward(cost_cache), caches)
    ...     parameters = update_parameters(parameters, gradients, learning_rate=0.5)
    ...     print(f"{cost:.3f}")
    0.965
    0.631
    0.506
    """
    return {
        name: value - learning_rate * gradients[f"d{name}"] for name, value in parameters.items()
    }

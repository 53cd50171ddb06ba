"""What a gradient is of: the loss, if an answer of one's choice were right; and a step on it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.layers.container import Container
from src.classic_nn.layers.copying import copy_network
from src.classic_nn.loss import BinaryCrossEntropy, Loss, SoftmaxCrossEntropy
from src.classic_nn.optimizers import Adam, Momentum, Optimizer, create_optimizer
from src.inference.glass.passes import Passes, forward_passes

OPTIMIZERS = ("sgd", "momentum", "adam")
"""Whose steps are shown, by their names in ``create_optimizer``."""


def goal(task: str, classes: int, chosen: Sequence[int]) -> tuple[Loss, NDArray[Any]]:
    """The loss of a task, and the targets under which the chosen classes or labels are right.

    Args:
        task: "binary", "multi_class" or "multi_label".
        classes: of the model; of a binary task two, no and yes.
        chosen: numbers: one class, or any labels.

    Raises ValueError for numbers that do not suit.
    """
    if any(not 0 <= k < classes for k in chosen):
        raise ValueError(f"expected numbers from 0 to {classes - 1}, got {list(chosen)}")
    if task != "multi_label" and len(chosen) != 1:
        raise ValueError(f"expected one class, got {len(chosen)}")
    if task == "multi_class":
        return SoftmaxCrossEntropy(), np.array(chosen)
    if task == "binary":
        return BinaryCrossEntropy(), np.array([chosen])
    labels = np.zeros((1, classes), np.int64)
    labels[0, list(chosen)] = 1
    return BinaryCrossEntropy(), labels


def loss_of(passes: Passes, loss: Loss, targets: NDArray[Any]) -> float:
    """The loss of a forward pass."""
    value, _ = loss.forward(passes.output[np.newaxis], targets)
    return float(value)


def go_back(passes: Passes, loss: Loss, targets: NDArray[Any]) -> float:
    """The loss, whose gradients the passes have afterwards."""
    value, cache = loss.forward(passes.output[np.newaxis], targets)
    passes.backward(loss.backward(cache)[0])
    return float(value)


def stepped(
    network: Any, passes: Passes, x: Array, name: str, learning_rate: float
) -> tuple[Any, Passes]:
    """A copy of a network after one step of an optimizer that begins here, and its forward pass.

    Args:
        network: whose gradients the passes have.
        passes: forward and backward.
        x: the sample.
        name: of the optimizer.
        learning_rate: of the step.
    """
    copy = copy_network(network)
    optimizer = create_optimizer(name, learning_rate=learning_rate)
    gradients = copy.gradient_vector()
    gradients.vector[...] = gradient_vector(network, passes)
    optimizer.step(copy.parameters, gradients)
    return copy, forward_passes(copy, x)


def gradient_vector(network: Any, passes: Passes) -> Array:
    """All gradients in one vector, in the layout of the network's parameters."""
    vector = network.gradient_vector()
    places = {id(layer): path for path, node in passes.nodes.items() if (layer := node.layer)}

    def fill(container: Any, part: Any) -> None:
        for child, own in zip(container.children(), part.parts, strict=True):
            if id(child) in places:
                found = passes.parameter_gradients.get(places[id(child)])
                if found is not None:
                    own.vector[...] = found.vector
            elif isinstance(child, Container):
                fill(child, own)

    fill(network, vector)
    found: Array = vector.vector
    return found


def step_of_weight(
    name: str, learning_rate: float, weight: float, gradient: float
) -> list[tuple[str, float]]:
    """The first step of an optimizer on one weight, number by number.

    Args:
        name: one of ``OPTIMIZERS``.
        learning_rate: of the step.
        weight: before.
        gradient: of the loss.
    """
    optimizer: Optimizer = create_optimizer(name, learning_rate=learning_rate)
    said = [("w", weight), ("g", gradient)]
    if isinstance(optimizer, Adam):
        m, v = (1 - optimizer.beta1) * gradient, (1 - optimizer.beta2) * gradient**2
        m_hat, v_hat = m / (1 - optimizer.beta1), v / (1 - optimizer.beta2)
        step = learning_rate * m_hat / (np.sqrt(v_hat) + optimizer.epsilon)
        said += [("m = (1 - β1)·g", m), ("v = (1 - β2)·g²", v)]
        said += [("m̂ = m / (1 - β1)", m_hat), ("v̂ = v / (1 - β2)", v_hat)]
        said += [("step = rate·m̂ / (√v̂ + ε)", float(step))]
    elif isinstance(optimizer, Momentum):
        velocity = (1 - optimizer.beta) * gradient
        step = learning_rate * velocity
        said += [("v = (1 - β)·g", velocity), ("step = rate·v", step)]
    else:
        step = learning_rate * gradient
        said += [("step = rate·g", step)]
    return [*said, ("w - step", weight - float(step))]

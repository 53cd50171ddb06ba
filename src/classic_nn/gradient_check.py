"""Gradient checks: does a backward pass belong to its forward pass?

A backward pass maps an upstream gradient dy to dx. Whatever dy is, <dy, y(x)> is a number whose
derivative with respect to x must be that dx, so finite differences of the number prove it:

    dx_j  ==  (<dy, y(x + h e_j)> - <dy, y(x - h e_j)>) / (2 h)       within rounding

The choice of dy decides what a check can see. Ones, the usual choice (the check of ``sum(y)``),
make the true gradients of batch normalization and softmax vanish, and a backward that returns
zeros passes. Here dy is random. The check runs in float64 with h = 1e-5, where central
differences are good to about 1e-10, so the tolerance of 1e-6 leaves no room for a wrong term.

Arrays with many values are checked at some of them, drawn at random, and along one random
direction through all of them: the derivative along u must be <dx, u>, at the price of two forward
passes whatever the size.

Where a step of h crosses a kink (ReLU at 0), finite differences are wrong and the gradient is
right. A value that disagrees is therefore looked at again with smaller steps: that clears a kink,
and never a wrong gradient.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.context import Context
from src.classic_nn.gradient_report import GradientCheck, GradientReport
from src.classic_nn.layers.base import Layer
from src.classic_nn.loss.base import Loss

STEPS = (1e-5, 1e-6, 1e-7)
"""Step sizes: the first decides, the others clear kinks."""

RELATIVE_TOLERANCE = 1e-6
"""Largest error that passes, relative to the largest gradient of the array."""

ABSOLUTE_TOLERANCE = 1e-10
"""Floor of that, relative to <dy, y>: its rounding errors divided by 2 h are about 1e-11 of it."""


class Move(NamedTuple):
    """A direction in which an array is changed: which of its flat values, and by how much each."""

    place: int | slice
    u: float | Array


def check_arrays(
    function: Callable[[], Array],
    arrays: Mapping[str, Array],
    gradients: Mapping[str, Array],
    dy: Array,
    rng: np.random.Generator,
    max_elements: int = 200,
) -> GradientReport:
    """Compare gradients with finite differences; the other checks are made of this one.

    Args:
        function: computes y from the current values of the arrays; must be repeatable.
        arrays: float64 arrays that ``function`` reads; changed and restored by the check.
        gradients: what the backward pass says for dy, under the same names.
        dy: upstream gradient, of the shape of y.
        rng: chooses values and directions where an array has more than ``max_elements``.
        max_elements: number of values checked one by one.

    Raises:
        ValueError: an array is not float64, or a gradient is missing or of another shape.
    """
    scale = max(1.0, abs(float(np.vdot(dy, function()))))
    checks = []
    for name, array in arrays.items():
        if array.dtype != np.float64:
            raise ValueError(f"{name}: gradient checks need float64 arrays, got {array.dtype}")
        gradient = gradients.get(name)
        if gradient is None or gradient.shape != array.shape:
            got = "none" if gradient is None else f"shape {gradient.shape}"
            raise ValueError(f"{name}: expected a gradient of shape {array.shape}, got {got}")
        everywhere = array.size <= max_elements
        chosen = (
            np.arange(array.size)
            if everywhere
            else rng.choice(array.size, max_elements, replace=False)
        )
        moves = [Move(int(index), 1.0) for index in chosen]
        slopes = [float(gradient.flat[index]) for index in chosen]
        if not everywhere:
            u = rng.normal(size=array.size)
            # a unit direction sees 1/sqrt(size) of the gradient: scaled up to one value's size
            u *= np.sqrt(array.size) / np.linalg.norm(u)
            moves.append(Move(slice(None), u))
            slopes.append(float(np.vdot(gradient, u)))
        numeric = [_slope(function, array, move, dy, STEPS[0]) for move in moves]
        largest = float(np.max(np.abs([0.0, *numeric])))
        tolerance = RELATIVE_TOLERANCE * largest + ABSOLUTE_TOLERANCE * scale
        differences = [0.0]
        for move, slope, value in zip(moves, slopes, numeric, strict=True):
            difference = abs(value - slope)
            for h in STEPS[1:]:
                if difference <= tolerance:
                    break
                difference = abs(_slope(function, array, move, dy, h) - slope)
            differences.append(difference)
        error = float(np.max(differences))  # NaN where one of them is
        checks.append(GradientCheck(name, array.shape, len(chosen), largest, error, tolerance))
    return GradientReport(checks)


def _slope(function: Callable[[], Array], array: Array, move: Move, dy: Array, h: float) -> float:
    """Central difference of <dy, function()> along a move; the array is restored exactly."""
    place, u = move
    h /= max(1.0, float(np.max(np.abs(u))))
    before = array.flat[place]  # one number, or a copy of all
    array.flat[place] = before + h * u
    above = function()
    array.flat[place] = before - h * u
    below = function()
    array.flat[place] = before
    return float(np.vdot(dy, above - below)) / (2 * h)


def check_function(
    forward: Callable[..., tuple[Array, Any]],
    backward: Callable[[Array, Any], Array | Sequence[Array]],
    inputs: Mapping[str, Array],
    rng: np.random.Generator,
    max_elements: int = 200,
) -> GradientReport:
    """Check a pair of functions ``forward(*inputs) -> (y, cache)``, ``backward(dy, cache)``.

    ``backward`` returns the gradients in the order of ``inputs`` (one array for one input).

    >>> rng = np.random.default_rng(0)
    >>> square = lambda x: (x * x, x)
    >>> check_function(square, lambda dy, x: 2 * x * dy, {"x": rng.normal(size=5)}, rng).passed
    True
    >>> check_function(square, lambda dy, x: x * dy, {"x": rng.normal(size=5)}, rng).passed
    False
    """
    arrays = {name: np.array(array, np.float64) for name, array in inputs.items()}
    y, cache = forward(*arrays.values())
    dy = rng.normal(size=y.shape)
    result = backward(dy, cache)
    gradients = (result,) if isinstance(result, np.ndarray) else result
    named = dict(zip(arrays, gradients, strict=True))
    return check_arrays(lambda: forward(*arrays.values())[0], arrays, named, dy, rng, max_elements)


def check_layer(
    layer: Layer,
    x: Array,
    rng: np.random.Generator,
    training: bool = True,
    max_elements: int = 200,
) -> GradientReport:
    """Check a built float64 layer or network: its input and every parameter.

    Dropout draws the same mask in every pass; running statistics are left as they were.

    Args:
        layer: built with dtype=numpy.float64.
        x: (samples, ...), input, away from kinks where the layer has them.
        rng: draws the upstream gradient.
        training: whether to check the training or the evaluation mode.
        max_elements: number of values of an array that are checked one by one.
    """
    x = np.array(x, np.float64)
    buffers = {name: buffer.copy() for name, buffer in layer.buffers.items()}

    def forward() -> tuple[Array, Any, Context]:
        context = Context(training, np.random.default_rng(0))
        result = layer.forward(x, context)
        for name, buffer in buffers.items():
            layer.buffers[name][...] = buffer
        return *result, context

    y, cache, context = forward()
    dy = rng.normal(size=y.shape)
    dx, gradients = layer.backward(dy, cache, context)
    assert dx is not None
    arrays = {"x": x, **layer.parameters}
    return check_arrays(lambda: forward()[0], arrays, {"x": dx, **gradients}, dy, rng, max_elements)


def check_loss(
    loss: Loss,
    logits: Array,
    y: Array,
    rng: np.random.Generator,
    sample_weights: Array | None = None,
) -> GradientReport:
    """Check the gradient of a loss with respect to the logits (samples, outputs)."""

    def forward(z: Array) -> tuple[Array, Any]:
        value, cache = loss.forward(z, y, sample_weights)
        return np.array([value]), cache

    return check_function(
        forward, lambda dy, cache: dy * loss.backward(cache), {"logits": logits}, rng
    )


def check_network(
    network: Layer,
    loss: Loss,
    x: Array,
    y: Array,
    rng: np.random.Generator,
    max_elements: int = 50,
) -> GradientReport:
    """Check a built float64 network together with its loss, as training uses them.

    Args:
        network: built with dtype=numpy.float64.
        loss: the loss of training.
        x: (samples, ...), a small batch.
        y: its targets.
        rng: chooses values and directions.
        max_elements: number of values of an array that are checked one by one.
    """

    class WithLoss(Layer):
        """Network and loss as one layer with one output."""

        def forward(self, x: Array, context: Context = Context()) -> tuple[Array, Any]:  # noqa: B008
            logits, caches = network.forward(x, context)
            value, cache = loss.forward(logits, y)
            return np.array([value]), (caches, cache)

        def backward(self, dy: Array, cache: Any, context: Any = None, *_: Any) -> Any:
            caches, loss_cache = cache
            return network.backward(dy * loss.backward(loss_cache), caches, context)

    both = WithLoss()
    both.parameters, both.buffers = network.parameters, network.buffers
    return check_layer(both, x, rng, max_elements=max_elements)

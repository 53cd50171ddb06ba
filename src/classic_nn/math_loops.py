"""Activations whose formula takes several passes over memory in NumPy, as loops: one pass.

ReLU, tanh and the exponential are one pass in NumPy already, and stay there.
"""

import numpy as np

from src.classic_nn.array_types import Array
from src.common.loops import Number, Vector, contiguous, loop, numbers


@loop
def relu_backward_loop(dy: Vector, y: Vector, zero: Number, dx: Vector) -> None:
    """dx = dy where y > 0."""
    for k in range(len(dy)):
        dx[k] = dy[k] if y[k] > zero else zero


@loop
def relu6_backward_loop(dy: Vector, y: Vector, zero: Number, six: Number, dx: Vector) -> None:
    """dx = dy where 0 < y < 6."""
    for k in range(len(dy)):
        dx[k] = dy[k] if zero < y[k] and y[k] < six else zero


@loop
def leaky_relu_loop(z: Vector, slope: Number, zero: Number, y: Vector) -> None:
    """y = z where z > 0, else slope * z."""
    for k in range(len(z)):
        y[k] = z[k] if z[k] > zero else slope * z[k]


@loop
def leaky_relu_backward_loop(
    dy: Vector, z: Vector, slope: Number, zero: Number, dx: Vector
) -> None:
    """dx = dy where z > 0, else slope * dy."""
    for k in range(len(dy)):
        dx[k] = dy[k] if z[k] > zero else slope * dy[k]


@loop
def sigmoid_loop(z: Vector, e: Vector, zero: Number, one: Number, y: Vector) -> None:
    """y = 1 / (1 + e) where z >= 0, else e / (1 + e), with e = exp(-abs(z))."""
    for k in range(len(z)):
        y[k] = (one if z[k] >= zero else e[k]) / (one + e[k])


@loop
def silu_loop(z: Vector, e: Vector, zero: Number, one: Number, y: Vector) -> None:
    """y = z * sigmoid(z), with e = exp(-abs(z))."""
    for k in range(len(z)):
        y[k] = z[k] * ((one if z[k] >= zero else e[k]) / (one + e[k]))


@loop
def silu_backward_loop(
    dy: Vector, z: Vector, e: Vector, zero: Number, one: Number, dx: Vector
) -> None:
    """dx = dy * s * (1 + z * (1 - s)) with s = sigmoid(z), e = exp(-abs(z))."""
    for k in range(len(dy)):
        s = (one if z[k] >= zero else e[k]) / (one + e[k])
        dx[k] = dy[k] * s * (one + z[k] * (one - s))


@loop
def hard_swish_loop(
    z: Vector, zero: Number, three: Number, six: Number, sixth: Number, y: Vector
) -> None:
    """y = z * min(max(z + 3, 0), 6) / 6."""
    for k in range(len(z)):
        gate = z[k] + three
        gate = zero if gate <= zero else gate
        gate = six if gate >= six else gate
        y[k] = z[k] * gate * sixth


@loop
def hard_swish_backward_loop(
    dy: Vector, z: Vector, zero: Number, two: Number, three: Number, sixth: Number, dx: Vector
) -> None:
    """dx = dy * (2 z + 3) / 6 where -3 < z < 3, 0 below, dy above."""
    for k in range(len(dy)):
        slope = (two * z[k] + three) * sixth
        slope = dy[k] * slope if z[k] < three else dy[k]
        dx[k] = zero if z[k] <= -three else slope


def _flat(*arrays: Array) -> tuple[list[Array], Array]:
    """The arrays with one axis, and memory for the result in the shape of the first."""
    ready = contiguous(*arrays)
    return [array.reshape(-1) for array in ready], np.empty(arrays[0].shape, arrays[0].dtype)


def _exponential(z: Array) -> Array:
    """exp(-abs(z)): the matrix library's processor instructions for it are NumPy's."""
    e = np.abs(z)
    np.negative(e, out=e)
    return np.exp(e, out=e)


def relu_backward(dy: Array, y: Array) -> Array:
    """See ``math.relu_backward``."""
    (dy, y), dx = _flat(dy, y)
    relu_backward_loop(dy, y, dy.dtype.type(0), dx.reshape(-1))
    return dx


def relu6_backward(dy: Array, y: Array) -> Array:
    """See ``math.relu6_backward``."""
    (dy, y), dx = _flat(dy, y)
    relu6_backward_loop(dy, y, *numbers(dy.dtype, 0, 6), dx.reshape(-1))
    return dx


def leaky_relu(z: Array, slope: float = 0.01) -> Array:
    """See ``math.leaky_relu``."""
    (z,), y = _flat(z)
    leaky_relu_loop(z, *numbers(z.dtype, slope, 0), y.reshape(-1))
    return y


def leaky_relu_backward(dy: Array, z: Array, slope: float = 0.01) -> Array:
    """See ``math.leaky_relu_backward``."""
    (dy, z), dx = _flat(dy, z)
    leaky_relu_backward_loop(dy, z, *numbers(z.dtype, slope, 0), dx.reshape(-1))
    return dx


def sigmoid(z: Array) -> Array:
    """See ``math.sigmoid``."""
    (z,), y = _flat(z)
    sigmoid_loop(z, _exponential(z), *numbers(z.dtype, 0, 1), y.reshape(-1))
    return y


def silu(z: Array) -> Array:
    """See ``math.silu``."""
    (z,), y = _flat(z)
    silu_loop(z, _exponential(z), *numbers(z.dtype, 0, 1), y.reshape(-1))
    return y


def silu_backward(dy: Array, z: Array) -> Array:
    """See ``math.silu_backward``."""
    (dy, z), dx = _flat(dy, z)
    silu_backward_loop(dy, z, _exponential(z), *numbers(z.dtype, 0, 1), dx.reshape(-1))
    return dx


def hard_swish(z: Array) -> Array:
    """See ``math.hard_swish``."""
    (z,), y = _flat(z)
    hard_swish_loop(z, *numbers(z.dtype, 0, 3, 6, 1 / 6), y.reshape(-1))
    return y


def hard_swish_backward(dy: Array, z: Array) -> Array:
    """See ``math.hard_swish_backward``."""
    (dy, z), dx = _flat(dy, z)
    hard_swish_backward_loop(dy, z, *numbers(z.dtype, 0, 2, 3, 1 / 6), dx.reshape(-1))
    return dx

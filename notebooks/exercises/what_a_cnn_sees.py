"""Exercises of notebook 7, *What a convolutional network sees*."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from exercises.check import Array, Claim, call, claims, differences, exercise
from src.classic_cnn import Conv2D, conv_forward
from src.classic_nn import Sequential
from src.classic_nn.layers.trace import trace_network
from src.inference.glass.receptive import receptive_fields


def _convolved(images: Array, kernel: Array) -> Array:
    """(samples, height, width) without padding, by the library."""
    y, _ = conv_forward(images[..., None], kernel[:, :, None, None])
    return y[..., 0]


@exercise
def one_kernel(answer: Any) -> Iterator[Claim]:
    """(first, second) -> the kernel that does in one convolution what they do one after another."""
    rng = np.random.default_rng(7)
    first, second = rng.normal(size=(3, 3)), rng.normal(size=(2, 4))
    # the output of an image that is 1 at one pixel and 0 elsewhere is that element of the kernel
    pixels = np.eye(4 * 6).reshape(-1, 4, 6)
    right = _convolved(_convolved(pixels, first), second).reshape(4, 6)
    hint = "An output sees some of the first feature map, and each of these some of the pixels"
    yield Claim("kernel", call(answer, first, second), right, hint=hint)


@exercise
def pixels_seen(answer: Any) -> Iterator[Claim]:
    """(layers, place) -> first and last row of pixels that a row of the last map depends on."""
    cases = [
        ([(5, 1, 0)], 4),
        ([(3, 2, 0)], 4),
        ([(5, 1, 2), (2, 2, 0), (3, 1, 1)], 3),  # that of the notebook
        ([(7, 2, 3), (3, 2, 1), (3, 1, 1), (3, 2, 1)], 0),
    ]
    for layers, place in cases:
        network = Sequential([Conv2D(1, kernel, s, padding=p) for kernel, s, p in layers])
        network.build((64, 64, 1), np.random.default_rng(0))
        nodes = {node.path: node for node in trace_network(network)}
        *_, field = receptive_fields(nodes).values()
        assert field is not None
        first = field.start[0] + place * field.jump[0]
        right = {"first": first, "last": first + field.size[0] - 1}
        where = f"It is row {place} after layers (kernel, stride, padding) = {layers}"
        given = call(answer, layers, place, returns=("first", "last"))
        yield from claims(given, right, Claim("", None, None, hint=where))


@exercise
def strongest_gradient(answer: Any) -> Iterator[Claim]:
    """(x, w1, w2) -> dx of the largest value of the second feature map."""
    rng = np.random.default_rng(3)
    x, w1, w2 = rng.normal(size=(9, 10)), rng.normal(size=(3, 3)), rng.normal(size=(2, 2))

    def strength(at: Array) -> float:
        return float(_convolved(np.maximum(_convolved(at[None], w1), 0), w2).max())

    given = call(answer, x, w1, w2)
    hint = "Only what the largest value depends on counts, as far as the ReLU lets it through"
    yield Claim("dx", given, differences(strength, x), "finite differences", hint=hint)

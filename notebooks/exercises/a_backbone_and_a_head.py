"""Exercises of notebook 9, *A backbone, its features, and a head*."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from exercises.check import Array, Claim, call, differences, exercise
from src.classic_nn import BatchNorm, Context, Dense, Sequential


@exercise
def frozen_norm_gradient(answer: Any) -> Iterator[Claim]:
    """(dy, x, mean, variance, gamma, epsilon) -> dx through a frozen batch normalization."""
    rng = np.random.default_rng(9)
    epsilon = 0.1
    network = Sequential([BatchNorm(epsilon=epsilon)])
    network.build((4,), rng, np.float64)
    (norm,) = network.layers
    x, dy, gamma, mean = (rng.normal(size=shape) for shape in ((6, 4), (6, 4), 4, 4))
    variance = rng.uniform(0.5, 2, size=4)
    norm.parameters["gamma"][...] = gamma
    norm.buffers["running_mean"][...] = mean
    norm.buffers["running_variance"][...] = variance
    norm.freeze()

    def loss(at: Array) -> float:
        return float((dy * network.forward(at, Context(training=True))[0]).sum())

    hint = "A frozen layer's mean and variance are constants: they do not depend on x"
    given = call(answer, dy, x, mean, variance, gamma, epsilon)
    yield Claim("dx", given, differences(loss, x), "finite differences", hint=hint)


@dataclass(eq=False)
class _Counted(Dense):
    """A dense layer that knows how many multiply-adds its backward pass took, for one sample."""

    in_features: int = 0
    took: int = 0

    def backward(self, *arguments: Any, **settings: Any) -> Any:
        """That of Dense: a product for dW and one for dx, where they are asked for."""
        dx, gradients = super().backward(*arguments, **settings)
        products = (dx is not None) + bool(gradients)
        self.took = products * self.multiply_adds((self.in_features,))
        return dx, gradients


@exercise
def backward_multiply_adds(answer: Any) -> Iterator[Claim]:
    """(forward, trained) -> multiply-adds of the backward pass of dense layers, some frozen."""
    widths = (10, 7, 5, 4, 3)
    for trained in ((1, 1, 1, 1), (0, 0, 0, 1), (0, 1, 1, 1), (0, 1, 0, 1), (1, 0, 0, 0)):
        layers = [_Counted(after, in_features=before) for before, after in pairwise(widths)]
        network = Sequential(layers)
        network.build(widths[:1], np.random.default_rng(0))
        for layer, train in zip(layers, trained):
            layer.mark_trainable(bool(train))
        network.join()
        context = Context(training=True, input_gradient=False)
        y, caches = network.forward(np.ones((1, 10), np.float32), context)
        network.backward(np.ones_like(y), caches, context, input_gradient=False)
        right = sum(layer.took for layer in layers)
        forward = [layer.multiply_adds((layer.in_features,)) for layer in layers]
        flags = [bool(train) for train in trained]
        given = call(answer, forward, flags)
        hint = f"That is for forward = {forward}, trained = {flags}"
        yield Claim("the number of multiply-adds", given, right, hint=hint)


@exercise
def nearest_mean_head(answer: Any) -> Iterator[Claim]:
    """(features, labels, classes) -> W, b of a head that answers the class of the nearest mean."""
    rng = np.random.default_rng(10)
    features, labels = rng.normal(size=(20, 6)), rng.permutation(np.arange(20) % 3)
    W, b = call(answer, features, labels, 3, returns=("W", "b"))
    for name, array, shape in (("W", W, (6, 3)), ("b", b, (3,))):
        if np.shape(array) != shape:
            yield Claim(name, array, np.zeros(shape))
    new = rng.normal(size=(8, 6))
    means = np.stack([features[labels == k].mean(axis=0) for k in range(3)])
    squares = np.square(new[:, None] - means).sum(axis=2)
    right = (np.square(new).sum(axis=1, keepdims=True) - squares) / 2
    hint = "That is z = f W + b for features f that your function has not seen"
    given = new @ np.asarray(W) + b
    yield Claim("z", given, right, "the formula with distances", hint=hint)

"""What the figures show things on: a digit, a photo, and a small network that reads digits."""

from functools import cache

import numpy as np
from sklearn.datasets import load_digits, load_sample_image

from docs.generator.figures.drawing import Array
from src import classic_cnn as cnn
from src import classic_nn as nn
from src.classic_nn.context import Context
from src.classic_nn.optimizers import Adam


def digit(number: int = 0) -> Array:
    """(8, 8), one of scikit-learn's digits, ink from 0 to 1."""
    return np.asarray(load_digits().images[number]) / 16


def photo(side: int = 64) -> Array:
    """(side, side, 3), a part of scikit-learn's photo of a flower, from 0 to 1."""
    image = np.asarray(load_sample_image("flower.jpg"), dtype=np.float64) / 255
    step = 400 // side
    cut = image[10 : 10 + side * step, 130 : 130 + side * step]
    return cut.reshape(side, step, side, step, 3).mean(axis=(1, 3))


@cache
def digit_reader() -> tuple[nn.Sequential, Array, Array]:
    """A CNN that has learned the digits, and the test images (n, 8, 8, 1) with their labels."""
    data = load_digits()
    images = (np.asarray(data.images) / 16)[..., np.newaxis]
    labels = np.asarray(data.target)
    network = nn.Sequential(
        [
            *(cnn.Conv2D(8, 3, padding="same"), nn.ReLU(), cnn.MaxPool2D(2)),
            *(cnn.Conv2D(16, 3, padding="same"), nn.ReLU(), nn.Flatten(), nn.Dense(10)),
        ]
    )
    rng = np.random.default_rng(0)
    network.build((8, 8, 1), rng, np.float64)
    optimizer, loss = Adam(0.005), nn.SoftmaxCrossEntropy()
    for _ in range(12):
        for batch in np.array_split(rng.permutation(1500), 24):
            context = Context(training=True, rng=rng)
            logits, cache_ = network.forward(images[batch], context)
            _, loss_cache = loss.forward(logits, labels[batch])
            _, gradients = network.backward(loss.backward(loss_cache), cache_, context)
            optimizer.step(network.parameters, gradients)
    return network, images[1500:], labels[1500:]

"""Networks with every layer that a file can hold, small."""

import numpy as np

from src.classic_cnn.layers import (
    AveragePool2D,
    Conv2D,
    GlobalAveragePool,
    MaxPool2D,
    Resize2D,
    ZeroPad2D,
)
from src.classic_nn import (
    BatchNorm,
    Clip,
    Dense,
    Dropout,
    Flatten,
    HardSigmoid,
    HardSwish,
    InstanceNorm,
    LeakyReLU,
    LocalResponseNorm,
    Parallel,
    PReLU,
    ReLU,
    ReLU6,
    Residual,
    ScaleShift,
    Sequential,
    ShuffleChannels,
    Sigmoid,
    SiLU,
    SliceChannels,
    Softmax,
    SpatialDropout,
    SqueezeExcitation,
    StochasticDepth,
    Tanh,
)


def built(layers, shape, rng):
    made = Sequential(layers)
    made.build(shape, rng)
    for name, array in made.buffers.items():
        array[...] = rng.uniform(0.5, 2, array.shape)
        if "mean" in name:
            array -= 1
    for name, array in made.parameters.items():
        if not name.startswith("W") and ".W" not in name:  # biases that are not 0, gammas not 1
            array += rng.uniform(-0.3, 0.3, array.shape)
    return made


def networks(rng):
    """By name."""
    excitation = Sequential([Dense(2), ReLU(), Dense(6), Sigmoid()])
    inner = Sequential([Conv2D(8, groups=8), BatchNorm(), SiLU(), StochasticDepth(0.2)])
    branches = Parallel([Conv2D(3, 1), Sequential([AveragePool2D(3, 1, 1), Conv2D(4)])])
    return {
        "features": built(
            [Dense(9), BatchNorm(), Tanh(), Dropout(), Dense(3, bias=False)], (7,), rng
        ),
        "flat": built([Conv2D(5), Flatten(), Dense(4), LeakyReLU(0.1), Dense(3)], (7, 6, 3), rng),
        "grey": built([Flatten(), Dense(4), Softmax()], (5, 6, 1), rng),
        "windows": built(
            [
                Conv2D(6, (3, 5), (2, 1), "same_tf", bias=False),
                Conv2D(8, 3, 1, ((2, 0), (1, 3)), 2, groups=2),
                ReLU6(),
                MaxPool2D(3, 2, "ceil"),
                AveragePool2D(3, 2, 1, count_padding=False),
                Conv2D(4, 1),
                HardSwish(),
                GlobalAveragePool(),
                Dense(3),
            ],
            (23, 20, 3),
            rng,
        ),
        "pools": built(
            [
                ZeroPad2D(((1, 2), (0, 1))),
                AveragePool2D(3, 2, "same"),
                AveragePool2D((2, 3), 2, "ceil"),
                MaxPool2D(2, 1, "same_tf", 2),
                Resize2D((7, 9)),
                Resize2D((5, 12), "nearest"),
                SpatialDropout(0.1),
                Flatten(),
                Dense(3),
            ],
            (15, 14, 2),
            rng,
        ),
        "residual": built(
            [Conv2D(8), ReLU(), Residual(inner), ReLU(), GlobalAveragePool(), Dense(3)],
            (10, 10, 3),
            rng,
        ),
        "shortcut": built(
            [
                Conv2D(6),
                Residual(Sequential([BatchNorm(), ReLU(), Conv2D(8, 3, 2)]), Conv2D(8, 1, 2, 0)),
                GlobalAveragePool(),
                Sigmoid(),
            ],
            (9, 9, 3),
            rng,
        ),
        "branches": built([Conv2D(6), branches, ReLU(), GlobalAveragePool()], (9, 9, 3), rng),
        "squeeze": built(
            [Conv2D(6), SqueezeExcitation(excitation), Flatten(), Dense(3)], (9, 9, 3), rng
        ),
        "channels": built(
            [
                Conv2D(4),
                PReLU(),
                ScaleShift(),
                Clip(-0.5, None),
                Flatten(),
                Dense(5),
                ScaleShift(),
                PReLU(0.1),
                HardSigmoid(0.3, 0.4),
            ],
            (6, 5, 3),
            rng,
        ),
        "neighbours": built(
            [
                *(Conv2D(6), InstanceNorm(1e-3), LocalResponseNorm(5, 0.5, 0.6, 1.2)),
                *(SliceChannels(1, 5), ShuffleChannels(2), GlobalAveragePool()),
                SliceChannels(0, 3),
            ],
            (6, 5, 3),
            rng,
        ),
        "maps": built([Conv2D(6), MaxPool2D(), Conv2D(3), Softmax()], (9, 8, 3), rng),
    }


NAMES = list(networks(np.random.default_rng(0)))


def inputs_of(network, rng, count=5):
    return rng.normal(size=(count, *network.built_shape())).astype(np.float32)

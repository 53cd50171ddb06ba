"""Networks with every kind of layer, small, with random numbers everywhere."""

import numpy as np

from src.classic_cnn import Conv2D, GlobalAveragePool, MaxPool2D
from src.classic_cnn.architectures import create_network, lenet
from src.classic_cnn.layers import AveragePool2D, Resize2D
from src.classic_cnn.layers.zero_padding import ZeroPad2D
from src.classic_nn import BatchNorm, Dense, Dropout, Flatten, LeakyReLU, ReLU, Residual, Sequential
from src.classic_nn.layers import Layer, Parallel, Sigmoid, SiLU, SqueezeExcitation, Tanh
from src.classic_nn.layers.activations import HardSwish, ReLU6, Softmax
from src.classic_nn.layers.channels import ShuffleChannels, SliceChannels
from src.classic_nn.layers.graph import Graph, Join
from src.classic_nn.layers.instance_norm import InstanceNorm
from src.classic_nn.layers.local_response import LocalResponseNorm
from src.classic_nn.layers.per_channel import PReLU, ScaleShift
from src.classic_nn.layers.piecewise import Clip, HardSigmoid
from src.classic_nn.layers.registry import layer_from_config

IMAGE = (9, 8, 4)


def _images(*layers):
    plan = Sequential([*layers, GlobalAveragePool(), Dense(3)]).config()
    return lambda: layer_from_config(plan)


NETWORKS = {
    "dense": (lambda: Sequential([Flatten(), Dense(5), ReLU(), Dense(3, bias=False)]), IMAGE),
    "convolution": (_images(Conv2D(6, 3), ReLU(), Tanh()), IMAGE),
    "stride and padding": (_images(Conv2D(6, (3, 2), (2, 3), ((2, 0), (1, 2)), bias=False)), IMAGE),
    "dilation": (_images(Conv2D(4, 3, dilation=(2, 1))), IMAGE),
    "groups": (_images(Conv2D(6, 3, groups=2), SiLU()), IMAGE),
    "depthwise": (_images(Conv2D(8, 3, 2, groups=4), HardSwish()), IMAGE),
    "batch norm": (_images(Conv2D(4, 1), BatchNorm(), ReLU6()), IMAGE),
    "instance norm": (_images(InstanceNorm(), LeakyReLU(0.2)), IMAGE),
    "per channel": (_images(ScaleShift(), PReLU(), HardSigmoid(), Clip(-0.5, 0.6)), IMAGE),
    "local response": (_images(LocalResponseNorm(3, 0.5), Sigmoid()), IMAGE),
    "max pooling": (_images(MaxPool2D(3, 2, padding=1), Dropout(0.5)), IMAGE),
    "average pooling": (
        _images(AveragePool2D(3, 2, padding=1), AveragePool2D(2, 2, "same", count_padding=False)),
        IMAGE,
    ),
    "resizing": (_images(Resize2D((5, 13)), ZeroPad2D(((1, 0), (2, 1))), Conv2D(3)), IMAGE),
    "channels": (_images(ShuffleChannels(2), SliceChannels(1, 3), Layer(), Conv2D(3)), IMAGE),
    "softmax": (lambda: Sequential([Flatten(), Dense(4), Softmax(), Dense(3)]), IMAGE),
    "residual": (
        _images(Residual(Sequential([Conv2D(4), BatchNorm(), ReLU(), Conv2D(4)])), ReLU()),
        IMAGE,
    ),
    "parallel": (
        _images(Parallel([Conv2D(3, 1), Sequential([MaxPool2D(3, 1, padding=1), Conv2D(2)])])),
        IMAGE,
    ),
    "squeeze and excitation": (
        _images(Conv2D(6), SqueezeExcitation(Sequential([Dense(2), ReLU(), Dense(6), Sigmoid()]))),
        IMAGE,
    ),
    "graph": (
        lambda: Sequential(
            [
                Graph(
                    [Conv2D(4), ReLU(), Join("Add"), Conv2D(2), Join("Concatenate")],
                    [[-1], [0], [1, -1], [2], [3, 0]],
                ),
                GlobalAveragePool(),
                Dense(3),
            ]
        ),
        IMAGE,
    ),
    "lenet": (lambda: lenet(10), (28, 28, 1)),
    "efficientnet": (lambda: create_network("efficientnet_b0", 4), (32, 32, 3)),
}
"""How a network is made, and the shape of a sample, by name."""


def built(name, dtype=np.float64):
    """A network with random parameters and running statistics, and a sample."""
    make, shape = NETWORKS[name]
    rng = np.random.default_rng(7)
    network = make()
    network.build(shape, rng, dtype)
    for key, array in {**network.parameters, **network.buffers}.items():
        if key.endswith(("variance",)):
            array[...] = rng.uniform(0.5, 2, array.shape)
        elif array.ndim == 1:
            array[...] += rng.normal(0, 0.3, array.shape)
    return network, rng.normal(size=shape).astype(dtype)

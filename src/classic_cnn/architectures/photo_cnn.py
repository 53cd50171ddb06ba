"""A convolutional network for a few hundred or thousand photos."""

from collections.abc import Sequence

from src.classic_cnn.layers import Conv2D, GlobalAveragePool, MaxPool2D
from src.classic_nn import BatchNorm, Dense, Dropout, Layer, ReLU, Sequential


def photo_cnn(
    classes: int, filters: Sequence[int] = (32, 64, 128, 256), dropout: float = 0.0
) -> Sequential:
    """Blocks of two 3 x 3 convolutions, and the mean of each map at the end.

    Every convolution has batch normalization and ReLU; every block but the last is pooled by 2.
    The means of the last maps (global average pooling, Lin, Chen and Yan 2014, section 3.2) make
    up the features: a dense layer on the maps themselves would have most of the parameters, and
    learn by heart where things stood in the training photos.

    Args:
        classes: number of outputs (logits).
        filters: of the convolutions of each block.
        dropout: fraction of the features dropped in training.

    Returns:
        The network, to be built for the images' shape.
    """
    layers: list[Layer] = []
    for number, count in enumerate(filters):
        layers += [MaxPool2D()] if number else []
        for _ in range(2):
            layers += [Conv2D(count, bias=False), BatchNorm(), ReLU()]
    layers.append(GlobalAveragePool())
    layers += [Dropout(dropout)] if dropout else []
    return Sequential([*layers, Dense(classes)])

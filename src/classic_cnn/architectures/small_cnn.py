"""A plain convolutional network for small images, sized by its arguments."""

from collections.abc import Sequence

from src.classic_cnn.layers import Conv2D, MaxPool2D
from src.classic_nn import BatchNorm, Dense, Dropout, Flatten, Layer, ReLU, Sequential


def small_cnn(
    classes: int,
    blocks: Sequence[Sequence[int]] = ((32,), (64,), (128,)),
    hidden: Sequence[int] = (128,),
    dropout: float = 0.0,
) -> Sequential:
    """Blocks of 3 x 3 convolutions with batch normalization and ReLU, each pooled by 2.

    Args:
        classes: number of outputs (logits).
        blocks: filters of each convolution of each block.
        hidden: units of the dense layers before the last one.
        dropout: fraction of hidden units dropped in training.

    Returns:
        The network, to be built for the images' shape.
    """
    layers: list[Layer] = []
    for block in blocks:
        for filters in block:
            layers += [Conv2D(filters, bias=False), BatchNorm(), ReLU()]
        layers.append(MaxPool2D())
    layers.append(Flatten())
    for units in hidden:
        layers += [Dense(units), ReLU()]
        layers += [Dropout(dropout)] if dropout else []
    return Sequential([*layers, Dense(classes)])

"""LeNet (LeCun et al. 1998), with today's parts: ReLU, max pooling and more filters."""

from src.classic_cnn.layers import Conv2D, MaxPool2D
from src.classic_nn import Dense, Dropout, Flatten, ReLU, Sequential


def lenet(classes: int = 10, dropout: float = 0.0) -> Sequential:
    """Two convolutions with pooling, two dense layers.

    For small grey images: 28 x 28 x 1 becomes 14 x 14 x 32, then 7 x 7 x 64, then 128 features.

    Args:
        classes: number of outputs (logits).
        dropout: fraction of the 128 features dropped in training.

    Returns:
        The network, to be built for the images' shape.
    """
    return Sequential(
        [
            *(Conv2D(32), ReLU(), MaxPool2D()),
            *(Conv2D(64), ReLU(), MaxPool2D()),
            *(Flatten(), Dense(128), ReLU()),
            *([Dropout(dropout)] if dropout else []),
            Dense(classes),
        ]
    )

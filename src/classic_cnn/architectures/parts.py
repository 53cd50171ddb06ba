"""What the architectures have in common: convolution with batch normalization, and the end."""

from collections.abc import Mapping

from src.classic_cnn.layers import Conv2D, GlobalAveragePool
from src.classic_nn import BatchNorm, Dense, Dropout, Layer, ReLU, Sequential
from src.common.checks import check_number


def conv_bn_relu(conv: Conv2D, epsilon: float = 1e-5, momentum: float = 0.9) -> Sequential:
    """Convolution, batch normalization, ReLU: named "conv", "bn", "relu"."""
    return Sequential({"conv": conv, "bn": BatchNorm(momentum, epsilon), "relu": ReLU()})


def with_head(stages: Mapping[str, Layer], classes: int | None, dropout: float = 0.0) -> Sequential:
    """Stages, the mean of each map, and for classes dropout and a dense layer.

    Args:
        stages: from images to maps.
        classes: number of outputs (logits); None for a network that ends with the features.
        dropout: fraction of the features dropped in training.
    """
    layers = {**stages, "pool": GlobalAveragePool()}
    if classes is not None:
        check_number("classes", classes, 1, whole=True)
        if dropout:
            layers["dropout"] = Dropout(dropout)
        layers["head"] = Dense(classes, initialization="lecun")
    return Sequential(layers)

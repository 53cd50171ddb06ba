"""InceptionV3: kernels of several sizes side by side (Szegedy et al. 2016, table 1).

    stage        output        channels
    conv1..conv3 147 x 147     64     3 x 3, stride 2; 3 x 3; 3 x 3
    pool1         73 x 73
    conv4, conv5  71 x 71      192    1 x 1; 3 x 3
    pool2         35 x 35
    mixed0..2     35 x 35      256, 288, 288    figure 5: 5 x 5 and two 3 x 3
    mixed3        17 x 17      768    figure 10: halves the maps
    mixed4..7     17 x 17      768    figure 6: 7 x 7 as 1 x 7 and 7 x 1
    mixed8         8 x 8       1280   halves the maps
    mixed9, 10     8 x 8       2048   figure 7: 1 x 3 beside 3 x 1
    pool           1 x 1       the mean of each map; head: dropout and a dense layer

for images of 299 x 299; they may have any size from 75 pixels on. Every convolution is followed by
batch normalization and ReLU. The auxiliary head, which only helps training, is left out.

Weights of torchvision and timm take RGB / 255 with ImageNet's mean and standard deviation taken
out; those of Keras and TensorFlow take RGB / 127.5 - 1.
"""

from collections.abc import Sequence

from src.classic_cnn.architectures.parts import conv_bn_relu, with_head
from src.classic_cnn.layers import AveragePool2D, Conv2D, MaxPool2D
from src.classic_nn import Layer, Parallel, Sequential

Kernel = tuple[int, int | tuple[int, int]]
"""Filters, and size of the kernel."""


def inception_v3(
    classes: int | None = 1000, count_padding: bool = True, dropout: float = 0.5
) -> Sequential:
    """An InceptionV3.

    Args:
        classes: number of outputs (logits); None ends with the features, (2048,).
        count_padding: whether the zeros around a map count in average pooling, as in torchvision;
            False for weights of Keras and TensorFlow.
        dropout: fraction of the features dropped in training.

    Returns:
        The network, to be built for the images' shape.
    """
    stages: dict[str, Layer] = {
        **{"conv1": _conv(32, 3, 2), "conv2": _conv(32, 3), "conv3": _conv(64, 3, padding="same")},
        **{"pool1": MaxPool2D(3, 2), "conv4": _conv(80, 1), "conv5": _conv(192, 3)},
        "pool2": MaxPool2D(3, 2),
    }
    for number, features in enumerate((32, 64, 64)):
        stages[f"mixed{number}"] = _five(features, count_padding)
    stages["mixed3"] = _halve_35()
    for number, channels in enumerate((128, 160, 160, 192), start=4):
        stages[f"mixed{number}"] = _seven(channels, count_padding)
    stages["mixed8"] = _halve_17()
    stages |= {"mixed9": _wide(count_padding), "mixed10": _wide(count_padding)}
    return with_head(stages, classes, dropout)


def _conv(
    filters: int, kernel: int | tuple[int, int], stride: int = 1, padding: str = "valid"
) -> Sequential:
    conv = Conv2D(filters, kernel, stride, padding, bias=False)
    return conv_bn_relu(conv, epsilon=1e-3)


def _row(kernels: Sequence[Kernel], last_stride: int = 1) -> Sequential:
    """Convolutions one after another; the last one may halve the maps, without padding."""
    layers: dict[str, Layer] = {}
    for k, (filters, kernel) in enumerate(kernels, start=1):
        halves = k == len(kernels) and last_stride > 1
        padding = "valid" if halves else "same"
        layers[f"conv{k}"] = _conv(filters, kernel, last_stride if halves else 1, padding)
    return Sequential(layers)


def _pooled(filters: int, count_padding: bool) -> Sequential:
    """The mean of each 3 x 3, then 1 x 1."""
    pool = AveragePool2D(3, 1, padding=1, count_padding=count_padding)
    return Sequential({"pool": pool, "conv1": _conv(filters, 1)})


def _five(pooled: int, count_padding: bool) -> Parallel:
    """1 x 1, 5 x 5, and two 3 x 3 in a row (figure 5)."""
    return Parallel(
        {
            "1x1": _row([(64, 1)]),
            "5x5": _row([(48, 1), (64, 5)]),
            "3x3": _row([(64, 1), (96, 3), (96, 3)]),
            "pool": _pooled(pooled, count_padding),
        }
    )


def _halve_35() -> Parallel:
    """Stride 2 in both branches and in the pooling (figure 10)."""
    return Parallel(
        {
            "3x3": _row([(384, 3)], last_stride=2),
            "3x3_twice": _row([(64, 1), (96, 3), (96, 3)], last_stride=2),
            "pool": MaxPool2D(3, 2),
        }
    )


def _seven(channels: int, count_padding: bool) -> Parallel:
    """1 x 1, and 7 x 7 once and twice, each as a row and a column (figure 6)."""
    row, column = (1, 7), (7, 1)
    twice: list[Kernel] = [(channels, 1), (channels, column), (channels, row)]
    twice += [(channels, column), (192, row)]
    return Parallel(
        {
            "1x1": _row([(192, 1)]),
            "7x7": _row([(channels, 1), (channels, row), (192, column)]),
            "7x7_twice": _row(twice),
            "pool": _pooled(192, count_padding),
        }
    )


def _halve_17() -> Parallel:
    """As ``_halve_35``, with a 7 x 7 before one of the strides."""
    return Parallel(
        {
            "3x3": _row([(192, 1), (320, 3)], last_stride=2),
            "7x7_3x3": _row([(192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3)], last_stride=2),
            "pool": MaxPool2D(3, 2),
        }
    )


def _wide(count_padding: bool) -> Parallel:
    """Rows beside columns, at the end, where there are few positions (figure 7)."""
    return Parallel(
        {
            "1x1": _row([(320, 1)]),
            "3x3": _split([(384, 1)]),
            "3x3_twice": _split([(448, 1), (384, 3)]),
            "pool": _pooled(192, count_padding),
        }
    )


def _split(kernels: Sequence[Kernel]) -> Sequential:
    """Convolutions, and after them a row beside a column."""
    row, column = (_conv(384, kernel, padding="same") for kernel in ((1, 3), (3, 1)))
    both = Parallel({"1x3": row, "3x1": column})
    return Sequential({"before": _row(kernels), "split": both})

"""EfficientNet: one network, scaled in depth, width and resolution at once (Tan and Le 2019).

    stage     output (B0)   blocks   filters   kernel   expansion
    stem      112 x 112              32        3 x 3, stride 2
    stage1    112 x 112      1       16        3        1
    stage2     56 x 56       2       24        3        6
    stage3     28 x 28       2       40        5        6
    stage4     14 x 14       3       80        3        6
    stage5     14 x 14       3       112       5        6
    stage6      7 x 7        4       192       5        6
    stage7      7 x 7        1       320       3        6
    top         7 x 7                1280      1 x 1
    pool        1 x 1        the mean of each map; head: dropout and a dense layer

(table 1, for images of 224 x 224; they may have any size). Blocks are those of
MobileNetV2, with SiLU and, after the depthwise convolution, squeeze and excitation to a quarter of
the block's input channels. B1 to B7 multiply filters and blocks by the factors of ``SIZES``.
EfficientNet-Lite (Liu 2020, tensorflow/tpu) is for devices that compute in integers: no squeeze and
excitation, ReLU6, and stem, top, and the blocks of the first and the last stage not scaled.

Weights take RGB / 255 with ImageNet's mean and standard deviation taken out, from whatever program;
those of Lite (RGB - 127) / 128, or in timm RGB / 127.5 - 1.
"""

import math
from typing import NamedTuple

from src.classic_cnn.architectures.inverted_residual import Style, divisible
from src.classic_cnn.architectures.parts import with_head
from src.classic_cnn.layers import Conv2D
from src.classic_nn import Layer, ReLU6, Residual, Sequential, SiLU, StochasticDepth
from src.common.lookup import lookup


class Size(NamedTuple):
    """Factors of filters and blocks, side of the images, and dropout of the features."""

    width: float
    depth: float
    pixels: int
    dropout: float


SIZES = {
    "b0": Size(1.0, 1.0, 224, 0.2),
    "b1": Size(1.0, 1.1, 240, 0.2),
    "b2": Size(1.1, 1.2, 260, 0.3),
    "b3": Size(1.2, 1.4, 300, 0.3),
    "b4": Size(1.4, 1.8, 380, 0.4),
    "b5": Size(1.6, 2.2, 456, 0.4),
    "b6": Size(1.8, 2.6, 528, 0.5),
    "b7": Size(2.0, 3.1, 600, 0.5),
    "lite0": Size(1.0, 1.0, 224, 0.2),
    "lite1": Size(1.0, 1.1, 240, 0.2),
    "lite2": Size(1.1, 1.2, 260, 0.3),
    "lite3": Size(1.2, 1.4, 280, 0.3),
    "lite4": Size(1.4, 1.8, 300, 0.3),
}
"""The sizes by name."""

STAGES = (
    *((16, 1, 3, 1, 1), (24, 2, 3, 2, 6), (40, 2, 5, 2, 6), (80, 3, 3, 2, 6)),
    *((112, 3, 5, 1, 6), (192, 4, 5, 2, 6), (320, 1, 3, 1, 6)),
)
"""Filters, blocks, kernel, stride of the first block, and expansion of each stage of B0."""


def efficientnet(
    size: str,
    classes: int | None = 1000,
    padding: str = "same",
    epsilon: float = 1e-3,
    drop_path: float = 0.2,
) -> Sequential:
    """An EfficientNet.

    Args:
        size: "b0" to "b7", "lite0" to "lite4".
        classes: number of outputs (logits); None ends with the features.
        padding: "same" as in torchvision, or "same_tf" for weights of TensorFlow and Keras.
        epsilon: of batch normalization.
        drop_path: fraction of samples that skip the last block in training; those of the other
            blocks grow towards it in equal steps (Huang et al. 2016, section 3).

    Returns:
        The network, to be built for the images' shape.

    Raises ValueError for another size.
    """
    width, depth, _, dropout = lookup("size", size, SIZES)
    lite = size.startswith("lite")
    style = Style(padding, epsilon, 0.99, ReLU6 if lite else SiLU)
    repeats = [
        count if lite and number in (0, len(STAGES) - 1) else math.ceil(count * depth)
        for number, (_, count, *_) in enumerate(STAGES)
    ]
    channels = 32 if lite else divisible(32 * width)
    stages: dict[str, Layer] = {"stem": style.stage(Conv2D(channels, 3, 2, padding, bias=False))}
    total, before = sum(repeats), 0
    for number, (filters, _, kernel, first_stride, expansion) in enumerate(STAGES):
        made: dict[str, Layer] = {}
        out = divisible(filters * width)
        for k in range(repeats[number]):
            stride = first_stride if k == 0 else 1
            squeeze = 0 if lite else max(1, channels // 4)
            wide = channels * expansion
            block = style.block(wide, out, kernel, stride, expansion > 1, squeeze)
            if stride == 1 and channels == out:
                block["drop"] = StochasticDepth(drop_path * (before + k) / total)
                made[str(k)] = Residual(Sequential(block))
            else:
                made[str(k)] = Sequential(block)
            channels = out
        before += repeats[number]
        stages[f"stage{number + 1}"] = Sequential(made)
    last = 1280 if lite else divisible(1280 * width)
    stages["top"] = style.stage(Conv2D(last, 1, bias=False))
    return with_head(stages, classes, dropout)

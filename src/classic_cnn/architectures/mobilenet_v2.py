"""MobileNetV2: inverted residuals with linear bottlenecks (Sandler et al. 2018, table 2).

    stage     output      blocks   filters   expansion
    stem      112 x 112            32        3 x 3, stride 2
    stage1    112 x 112     1      16        1
    stage2     56 x 56      2      24        6
    stage3     28 x 28      3      32        6
    stage4     14 x 14      4      64        6
    stage5     14 x 14      3      96        6
    stage6      7 x 7       3      160       6
    stage7      7 x 7       1      320       6
    top         7 x 7              1280      1 x 1
    pool        1 x 1       the mean of each map; head: dropout and a dense layer

for images of 224 x 224; they may have any size. A block expands its channels with
a 1 x 1 convolution, filters each of them with a 3 x 3 depthwise one, and projects to few channels
without an activation: what is small must stay linear. Between equal shapes the input is added.

Weights of PyTorch and MXNet take RGB / 255 with ImageNet's mean and standard deviation taken out;
those of Keras and TensorFlow take RGB / 127.5 - 1.
"""

from src.classic_cnn.architectures.inverted_residual import Style, divisible
from src.classic_cnn.architectures.parts import with_head
from src.classic_cnn.layers import Conv2D
from src.classic_nn import Layer, ReLU6, Residual, Sequential
from src.common.checks import check_number

STAGES = (
    *((16, 1, 1, 1), (24, 2, 2, 6), (32, 3, 2, 6), (64, 4, 2, 6)),
    *((96, 3, 1, 6), (160, 3, 2, 6), (320, 1, 1, 6)),
)
"""Filters, blocks, stride of the first block, and expansion of each stage."""


def mobilenet_v2(
    classes: int | None = 1000,
    width: float = 1.0,
    padding: str = "same",
    epsilon: float = 1e-5,
    dropout: float = 0.2,
    expand_first: bool = False,
) -> Sequential:
    """A MobileNetV2.

    Args:
        classes: number of outputs (logits); None ends with the features, (1280,).
        width: factor of the filters of all stages; the last convolution never has fewer than 1280.
        padding: "same" as in PyTorch, or "same_tf" for weights of TensorFlow and Keras.
        epsilon: of batch normalization; 1e-3 in Keras.
        dropout: fraction of the features dropped in training.
        expand_first: whether the first block has an expansion too, though its factor is 1, as
            MXNet's has.

    Returns:
        The network, to be built for the images' shape.
    """
    check_number("width", width, above=0)
    style = Style(padding, epsilon, 0.9, ReLU6)
    channels = divisible(32 * width)
    stages: dict[str, Layer] = {"stem": style.stage(Conv2D(channels, 3, 2, padding, bias=False))}
    for number, (filters, blocks, first_stride, expansion) in enumerate(STAGES, start=1):
        made: dict[str, Layer] = {}
        out = divisible(filters * width)
        for k in range(blocks):
            stride = first_stride if k == 0 else 1
            expand = expansion > 1 or expand_first
            block = Sequential(style.block(channels * expansion, out, 3, stride, expand))
            made[str(k)] = Residual(block) if stride == 1 and channels == out else block
            channels = out
        stages[f"stage{number}"] = Sequential(made)
    stages["top"] = style.stage(Conv2D(divisible(1280 * max(width, 1.0)), 1, bias=False))
    return with_head(stages, classes, dropout)

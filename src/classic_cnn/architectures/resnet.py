"""ResNet: deep networks of residual sums (He, Zhang, Ren and Sun 2016).

    stage     output      18, 34: basic blocks        50, 101: bottlenecks
    conv1     112 x 112   7 x 7, 64 filters, stride 2
    maxpool    56 x 56    3 x 3, stride 2
    layer1     56 x 56    [3x3, 64] [3x3, 64]         [1x1, 64] [3x3, 64] [1x1, 256]
    layer2     28 x 28    [3x3, 128] [3x3, 128]       [1x1, 128] [3x3, 128] [1x1, 512]
    layer3     14 x 14    [3x3, 256] [3x3, 256]       [1x1, 256] [3x3, 256] [1x1, 1024]
    layer4      7 x 7     [3x3, 512] [3x3, 512]       [1x1, 512] [3x3, 512] [1x1, 2048]
    pool        1 x 1     the mean of each map; head: a dense layer

(table 1; sizes for images of 224 x 224, which may have any size). Blocks of each
stage: 2 2 2 2 of 18; 3 4 6 3 of 34 and 50; 3 4 23 3 of 101. The first block of layer2 to layer4
halves the maps: v1, the paper, in the first 1 x 1 convolution of a bottleneck, which looks at a
quarter of the pixels; v1.5 (torchvision) in the 3 x 3. ``resnet_v2.py`` has v2.

Weights of torchvision and timm take RGB / 255 with ImageNet's mean and standard deviation taken
out; those of Keras for v1 take BGR without the mean of each.
"""

from src.classic_cnn.architectures.parts import with_head
from src.classic_cnn.architectures.resnet_v2 import resnet_v2
from src.classic_cnn.layers import Conv2D, MaxPool2D
from src.classic_nn import BatchNorm, Layer, ReLU, Residual, Sequential
from src.common.lookup import lookup

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
"""Blocks of the four stages, by the number of layers with weights."""

BOTTLENECKS = (50, 101)
"""Depths whose blocks are bottlenecks; the others have basic blocks."""


def resnet(
    depth: int,
    classes: int | None = 1000,
    version: str = "v1.5",
    conv_bias: bool = False,
    epsilon: float = 1e-5,
) -> Sequential:
    """A residual network.

    Args:
        depth: 18, 34, 50 or 101.
        classes: number of outputs (logits); None ends with the features, (512,) or (2048,).
        version: "v1" or "v1.5"; for 50 and 101 also "v2".
        conv_bias: whether convolutions before a batch normalization have a bias that it removes,
            as Keras' v1 has.
        epsilon: of batch normalization.

    Returns:
        The network, to be built for the images' shape.

    Raises ValueError for another depth or version.
    """
    if version == "v2":
        return resnet_v2(depth, BLOCKS.get(depth, ()), classes, epsilon)
    lookup("version", version, dict.fromkeys(("v1", "v1.5", "v2")))
    repeats = lookup("depth", str(depth), {str(known): blocks for known, blocks in BLOCKS.items()})
    stages: dict[str, Layer] = {
        "conv1": Conv2D(64, 7, 2, padding=3, bias=conv_bias),
        "bn1": BatchNorm(epsilon=epsilon),
        "relu": ReLU(),
        "maxpool": MaxPool2D(3, 2, padding=1),
    }
    for stage, blocks in enumerate(repeats):
        filters, made = 64 * 2**stage, {}
        for k in range(blocks):
            stride = 2 if stage and k == 0 else 1
            if depth in BOTTLENECKS:
                body = _bottleneck(filters, stride, version == "v1", conv_bias, epsilon)
                out, project = 4 * filters, k == 0
            else:
                body = _basic(filters, stride, conv_bias, epsilon)
                out, project = filters, stride > 1
            shortcut = _projection(out, stride, conv_bias, epsilon) if project else None
            made[str(k)] = Sequential({"sum": Residual(body, shortcut), "relu": ReLU()})
        stages[f"layer{stage + 1}"] = Sequential(made)
    return with_head(stages, classes)


def _basic(filters: int, stride: int, bias: bool, epsilon: float) -> Sequential:
    """Two 3 x 3 convolutions (figure 5, left)."""
    return Sequential(
        {
            "conv1": Conv2D(filters, 3, stride, padding=1, bias=bias),
            "bn1": BatchNorm(epsilon=epsilon),
            "relu1": ReLU(),
            "conv2": Conv2D(filters, 3, padding=1, bias=bias),
            "bn2": BatchNorm(epsilon=epsilon),
        }
    )


def _bottleneck(
    filters: int, stride: int, stride_first: bool, bias: bool, epsilon: float
) -> Sequential:
    """1 x 1 to fewer channels, 3 x 3, 1 x 1 to four times as many (figure 5, right)."""
    first, second = (stride, 1) if stride_first else (1, stride)
    return Sequential(
        {
            "conv1": Conv2D(filters, 1, first, bias=bias),
            "bn1": BatchNorm(epsilon=epsilon),
            "relu1": ReLU(),
            "conv2": Conv2D(filters, 3, second, padding=1, bias=bias),
            "bn2": BatchNorm(epsilon=epsilon),
            "relu2": ReLU(),
            "conv3": Conv2D(4 * filters, 1, bias=bias),
            "bn3": BatchNorm(epsilon=epsilon),
        }
    )


def _projection(filters: int, stride: int, bias: bool, epsilon: float) -> Sequential:
    """The shortcut where a block changes the shape (equation 2)."""
    conv = Conv2D(filters, 1, stride, padding=0, bias=bias)
    return Sequential({"conv": conv, "bn": BatchNorm(epsilon=epsilon)})

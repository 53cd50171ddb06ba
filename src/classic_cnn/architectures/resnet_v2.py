"""ResNet v2: normalization first (He, Zhang, Ren and Sun 2016b, "Identity Mappings", figure 4e).

    layer1..4   blocks: bn0, relu, [1x1], bn1, relu, [3x3], bn2, relu, [1x1], added to their input
    bn, relu    once at the end

The table of stages is that of ``resnet.py``. Batch normalization and ReLU come before each
convolution, so that the sums pass from stage to stage unchanged. As in Keras, the last block of a
stage halves the maps, with max pooling beside it. Weights of Keras take RGB / 127.5 - 1.
"""

from collections.abc import Sequence

from src.classic_cnn.architectures.parts import with_head
from src.classic_cnn.layers import Conv2D, MaxPool2D, ZeroPad2D
from src.classic_nn import BatchNorm, Layer, ReLU, Residual, Sequential


def resnet_v2(
    depth: int, repeats: Sequence[int], classes: int | None, epsilon: float
) -> Sequential:
    """A residual network of version 2; see ``resnet``.

    Args:
        depth: 50 or 101.
        repeats: blocks of the four stages.
        classes: number of outputs (logits); None ends with the features, (2048,).
        epsilon: of batch normalization.
    """
    if depth not in (50, 101):
        raise ValueError(f"version v2 has bottlenecks: expected depth 50 or 101, got {depth}")
    stages: dict[str, Layer] = {
        "conv1": Conv2D(64, 7, 2, padding=3),
        "pad": ZeroPad2D(1),  # zeros, which may be the largest: there is no ReLU before
        "maxpool": MaxPool2D(3, 2),
    }
    for stage, blocks in enumerate(repeats):
        filters, made = 64 * 2**stage, {}
        for k in range(blocks):
            stride = 2 if k == blocks - 1 and stage < 3 else 1
            made[str(k)] = _block(filters, stride, k == 0, epsilon)
        stages[f"layer{stage + 1}"] = Sequential(made)
    stages |= {"bn": BatchNorm(epsilon=epsilon), "relu": ReLU()}
    return with_head(stages, classes)


def _block(filters: int, stride: int, project: bool, epsilon: float) -> Sequential:
    """Normalization and ReLU first (figure 4e); a projection sees them too."""
    before: dict[str, Layer] = {"bn0": BatchNorm(epsilon=epsilon), "relu0": ReLU()}
    body: dict[str, Layer] = {
        "conv1": Conv2D(filters, 1, bias=False),
        "bn1": BatchNorm(epsilon=epsilon),
        "relu1": ReLU(),
        "conv2": Conv2D(filters, 3, stride, padding=1, bias=False),
        "bn2": BatchNorm(epsilon=epsilon),
        "relu2": ReLU(),
        "conv3": Conv2D(4 * filters, 1),
    }
    if project:
        shortcut = Conv2D(4 * filters, 1, stride, padding=0)
        return Sequential({**before, "sum": Residual(Sequential(body), shortcut)})
    smaller = MaxPool2D(1, stride) if stride > 1 else None
    return Sequential({"sum": Residual(Sequential({**before, **body}), smaller)})

"""SqueezeNet: AlexNet's accuracy with a fiftieth of its parameters (Iandola et al. 2016, table 1).

    stage     1.1         1.0
    conv1     3 x 3, 64   7 x 7, 96     stride 2
    pool      after conv1, fire3, fire5 (1.1); after conv1, fire4, fire8 (1.0): 3 x 3, stride 2
    fire2..9  squeeze 1 x 1 to 16, 16, 32, 32, 48, 48, 64, 64 channels, then 1 x 1 and 3 x 3
              convolutions side by side, with four times as many filters each
    head      dropout, 1 x 1 to classes, ReLU, the mean of each map

Version 1.1 pools earlier and needs 2.4 times fewer multiplications. Images may have any size from
3 (1.1) or 7 (1.0) pixels on; the published ones have 224, as RGB / 255 with ImageNet's mean and
standard deviation taken out.
"""

from src.classic_cnn.architectures.parts import with_head
from src.classic_cnn.layers import Conv2D, GlobalAveragePool, MaxPool2D
from src.classic_nn import Dropout, Layer, Parallel, ReLU, Sequential
from src.common.lookup import lookup

POOLED = {"1.0": (1, 4, 8), "1.1": (1, 3, 5)}
"""Numbers of the stages that are followed by max pooling."""


def squeezenet(version: str = "1.1", classes: int | None = 1000) -> Sequential:
    """A SqueezeNet.

    Args:
        version: "1.0" or "1.1".
        classes: number of outputs (logits); None ends with the means of the last maps, (512,).

    Returns:
        The network, to be built for the images' shape.

    Raises ValueError for another version.
    """
    pooled = lookup("version", version, POOLED)
    first = Conv2D(64, 3, 2, "valid") if version == "1.1" else Conv2D(96, 7, 2, "valid")
    stages: dict[str, Layer] = {"conv1": first, "relu1": ReLU(), "pool1": _max_pool()}
    for number in range(2, 10):
        stages[f"fire{number}"] = _fire(16 * (number // 2))
        if number in pooled:
            stages[f"pool{number}"] = _max_pool()
    if classes is None:
        return with_head(stages, None)
    head: dict[str, Layer] = {"dropout": Dropout(), "conv": Conv2D(classes, 1), "relu": ReLU()}
    return Sequential({**stages, "head": Sequential({**head, "pool": GlobalAveragePool()})})


def _max_pool() -> MaxPool2D:
    return MaxPool2D(3, 2, padding="ceil")


def _fire(channels: int) -> Sequential:
    """Squeeze to few channels, expand with kernels of two sizes (figure 1)."""
    expand = {
        "1x1": Sequential({"conv": Conv2D(4 * channels, 1), "relu": ReLU()}),
        "3x3": Sequential({"conv": Conv2D(4 * channels, 3, padding=1), "relu": ReLU()}),
    }
    return Sequential({"squeeze": Conv2D(channels, 1), "relu": ReLU(), "expand": Parallel(expand)})

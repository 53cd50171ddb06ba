"""VGG: blocks of 3 x 3 convolutions and nothing else (Simonyan and Zisserman 2015, table 1).

    stage     output      11   13   16   19
    block1    112 x 112    1    2    2    2   convolutions of  64 filters
    block2     56 x 56     1    2    2    2   convolutions of 128 filters
    block3     28 x 28     2    2    3    4   convolutions of 256 filters
    block4     14 x 14     2    2    3    4   convolutions of 512 filters
    block5      7 x 7      2    2    3    4   convolutions of 512 filters
    head                   dense 4096, dense 4096, dense classes

for images of 224 x 224: every block ends with max pooling by 2. The dense layers know places, so
a network with classes is built for one size; without them images may have any size from 32 pixels
on. With batch normalization (torchvision's ``vgg16_bn``) each convolution has one.

Weights of torchvision and timm take RGB / 255 with ImageNet's mean and standard deviation taken
out; those of Keras take BGR without the mean of each.
"""

from src.classic_cnn.architectures.parts import with_head
from src.classic_cnn.layers import Conv2D, MaxPool2D
from src.classic_nn import BatchNorm, Dense, Dropout, Flatten, Layer, ReLU, Sequential
from src.common.lookup import lookup

CONVOLUTIONS = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
"""Convolutions of the five blocks, by the number of layers with weights."""


def vgg(depth: int, classes: int | None = 1000, batch_norm: bool = False) -> Sequential:
    """A VGG network.

    Args:
        depth: 11, 13, 16 or 19.
        classes: number of outputs (logits); None ends with the means of the last maps, (512,).
        batch_norm: whether each convolution is followed by one.

    Returns:
        The network, to be built for the images' shape.

    Raises ValueError for another depth.
    """
    numbers = {str(known): counts for known, counts in CONVOLUTIONS.items()}
    stages: dict[str, Layer] = {}
    for block, count in enumerate(lookup("depth", str(depth), numbers), start=1):
        layers: dict[str, Layer] = {}
        for k in range(1, count + 1):
            layers[f"conv{k}"] = Conv2D(min(64 * 2 ** (block - 1), 512))
            if batch_norm:
                layers[f"bn{k}"] = BatchNorm()
            layers[f"relu{k}"] = ReLU()
        stages[f"block{block}"] = Sequential({**layers, "pool": MaxPool2D()})
    if classes is None:
        return with_head(stages, None)
    head = {
        **{"flatten": Flatten(), "fc1": Dense(4096), "relu1": ReLU(), "dropout1": Dropout()},
        **{"fc2": Dense(4096), "relu2": ReLU(), "dropout2": Dropout()},
        "fc3": Dense(classes, initialization="lecun"),
    }
    return Sequential({**stages, "head": Sequential(head)})

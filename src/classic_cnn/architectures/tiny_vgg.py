"""TinyVGG: the smallest network in the manner of VGG (Simonyan and Zisserman 2015).

Two variants: the one that courses teach with (Wang et al. 2020, "CNN Explainer", figure 1), and
the one of the classifier of clean and dirty dishes.
"""

from src.classic_cnn.layers import Conv2D, MaxPool2D
from src.classic_nn import BatchNorm, Dense, Dropout, Flatten, Layer, ReLU, Sequential


def tiny_vgg(classes: int = 10, channels: int = 10) -> Sequential:
    """The course's network: two blocks of two 3 x 3 convolutions without padding, one dense layer.

    On 64 x 64 images the maps are 60 x 60, pooled to 30 x 30, then 26 x 26, pooled to 13 x 13.

    Args:
        classes: number of outputs (logits).
        channels: filters of every convolution.

    Returns:
        The network, to be built for the images' shape.
    """
    layers: list[Layer] = []
    for _ in range(2):
        for _ in range(2):
            layers += [Conv2D(channels, padding="valid"), ReLU()]
        layers.append(MaxPool2D())
    return Sequential([*layers, Flatten(), Dense(classes)])


def tiny_vgg_dishes(classes: int = 1) -> Sequential:
    """The dish classifier's network, for images of 128 x 128 x 3.

    Three blocks of two 3 x 3 convolutions, each with batch normalization and ReLU, pooled by 2,
    dropout 0.3, with 16, 32 and 64 filters; then 128 features, dropout 0.5, and the outputs.

    Args:
        classes: number of outputs (logits); one for a question of yes or no.

    Weights start at the scale of PyTorch's layers, with which it was made, and those of the last
    layer at zero. At He's scale, and with logits that are not zero from the start, the noise of
    dropout on 16,384 features switches most of the 128 hidden units off within a few steps of the
    documented learning rate of 0.01, and the network answers the same for every photo.

    Returns:
        The network, to be built for the images' shape.
    """
    scale = "torch"
    layers: list[Layer] = []
    for channels in (16, 32, 64):
        for _ in range(2):
            layers += [Conv2D(channels, bias=False, initialization=scale), BatchNorm(), ReLU()]
        layers += [MaxPool2D(), Dropout(0.3)]
    features = Dense(128, initialization=scale)
    head = [Flatten(), features, ReLU(), Dropout(0.5), Dense(classes, initialization="zeros")]
    return Sequential([*layers, *head])

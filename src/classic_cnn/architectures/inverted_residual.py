"""The block of MobileNetV2 and EfficientNet: wide in the middle (Sandler et al. 2018, figure 4d).

expand      1 x 1, to several times as many channels, normalization, activation
depthwise   3 x 3 or 5 x 5, each channel by itself, normalization, activation
se          each channel weighted by what the whole image shows (EfficientNet)
project     1 x 1 to few channels, normalization, and no activation: what is small stays linear
"""

from collections.abc import Callable
from dataclasses import dataclass

from src.classic_cnn.layers import Conv2D
from src.classic_nn import BatchNorm, Dense, Layer, Sequential, Sigmoid, SqueezeExcitation


@dataclass(frozen=True)
class Style:
    """What all convolutions of a network have in common.

    Attributes:
        padding: "same", or "same_tf" for weights of TensorFlow and Keras.
        epsilon, momentum: of batch normalization.
        activation: makes the layer after it.
    """

    padding: str
    epsilon: float
    momentum: float
    activation: Callable[[], Layer]

    def convolution(self, name: str, conv: Conv2D, activation: bool = True) -> dict[str, Layer]:
        """Layers "NAME", "NAME_bn" and, if wanted, "NAME_activation"."""
        layers = {name: conv, f"{name}_bn": BatchNorm(self.momentum, self.epsilon)}
        return layers | ({f"{name}_activation": self.activation()} if activation else {})

    def stage(self, conv: Conv2D) -> Sequential:
        """A convolution that stands for itself: "conv", "bn", "activation"."""
        layers = {"conv": conv, "bn": BatchNorm(self.momentum, self.epsilon)}
        return Sequential({**layers, "activation": self.activation()})

    def block(
        self, wide: int, filters: int, kernel: int, stride: int, expand: bool, squeeze: int = 0
    ) -> dict[str, Layer]:
        """Layers of a block, by name.

        Args:
            wide: channels in the middle.
            filters: of the projection.
            kernel: size of the depthwise convolution.
            stride: of the depthwise convolution.
            expand: whether there is an expansion.
            squeeze: units of squeeze and excitation; 0 for none.
        """
        layers: dict[str, Layer] = {}
        if expand:
            layers |= self.convolution("expand", Conv2D(wide, 1, bias=False))
        depthwise = Conv2D(wide, kernel, stride, self.padding, groups=wide, bias=False)
        layers |= self.convolution("depthwise", depthwise)
        if squeeze:
            excitation = {"reduce": Dense(squeeze), "activation": self.activation()}
            excitation |= {"expand": Dense(wide), "gate": Sigmoid()}
            layers["se"] = SqueezeExcitation(Sequential(excitation))
        return layers | self.convolution("project", Conv2D(filters, 1, bias=False), False)


def divisible(filters: float, divisor: int = 8) -> int:
    """The nearest multiple of 8, but not less than nine tenths: what processors like."""
    rounded = max(divisor, int(filters + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * filters else rounded

"""Published architectures by name."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import signature
from typing import Any

from src.classic_cnn.architectures.efficientnet import SIZES, efficientnet
from src.classic_cnn.architectures.inception_v3 import inception_v3
from src.classic_cnn.architectures.mobilenet_v2 import mobilenet_v2
from src.classic_cnn.architectures.resnet import BLOCKS, BOTTLENECKS, resnet
from src.classic_cnn.architectures.squeezenet import POOLED, squeezenet
from src.classic_cnn.architectures.vgg import CONVOLUTIONS, vgg
from src.classic_nn import Sequential
from src.common.lookup import lookup


@dataclass(frozen=True)
class Architecture:
    """A network that was published.

    Attributes:
        builder: makes it, not yet built, from ``classes`` and settings of its own.
        pixels: height and width of the images that it was published for.
    """

    builder: Callable[..., Sequential]
    pixels: int = 224


def _known() -> dict[str, Architecture]:
    known = {
        **{f"resnet{d}": Architecture(partial(resnet, d)) for d in BLOCKS},
        **{
            f"resnet{d}_{version}": Architecture(partial(resnet, d, version=version))
            for d in BOTTLENECKS
            for version in ("v1", "v2")
        },
    }
    for depth in CONVOLUTIONS:
        known[f"vgg{depth}"] = Architecture(partial(vgg, depth))
        known[f"vgg{depth}_bn"] = Architecture(partial(vgg, depth, batch_norm=True))
    known["inception_v3"] = Architecture(inception_v3, 299)
    for name, size in SIZES.items():
        known[f"efficientnet_{name}"] = Architecture(partial(efficientnet, name), size.pixels)
    known["mobilenet_v2"] = Architecture(mobilenet_v2)
    for version in POOLED:
        name = f"squeezenet{version.replace('.', '_')}"
        known[name] = Architecture(partial(squeezenet, version))
    return known


ARCHITECTURES = _known()
"""The architectures by name."""


def create_network(name: str, classes: int | None = 1000, **settings: Any) -> Sequential:
    """A published network, to be built for the images' shape.

    Args:
        name: of ``ARCHITECTURES``.
        classes: number of outputs (logits); None for a network that ends with the features.
        settings: of the architecture's own function.

    Raises ValueError for an unknown name (the nearest is offered) or setting.

    >>> network = create_network("resnet18", classes=10)
    >>> network.build((64, 64, 3), None)
    (10,)
    >>> network["layer4.0.sum.shortcut.conv"].parameters["W"].shape
    (1, 1, 256, 512)
    """
    builder = lookup("architecture", name, ARCHITECTURES).builder
    known = signature(builder).parameters
    for setting in settings:
        lookup(f"setting of {name}:", setting, known)
    return builder(classes=classes, **settings)

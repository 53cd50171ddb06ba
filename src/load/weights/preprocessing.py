"""What was done to images before they reached published networks.

Numbers are levels from 0 to 255, R, G, B, before they are scaled:

    imagenet           (x / 255 - mean) / std, with ImageNet's mean and standard deviation
    tf                 x / 127.5 - 1: Keras' name for it
    unit               x / 255
    caffe              B, G, R without the mean of each: Keras' name for it
    efficientnet_lite  (x - 127) / 128
"""

from src.common.lookup import lookup
from src.load.transforms import Compose, Normalize, Resize, ToFloat, Transform
from src.load.transforms.conversion import ReverseChannels
from src.load.transforms.presets import IMAGENET_MEAN, IMAGENET_STD

CAFFE_MEAN = (103.939, 116.779, 123.68)
"""Of ImageNet's training photos, blue, green, red, in levels."""


def _levels(mean: tuple[float, ...], std: float) -> Normalize:
    """(level - mean) / std, for what ``ToFloat`` has divided by 255."""
    return Normalize(tuple(value / 255 for value in mean), (std / 255,) * 3)


PREPROCESSING: dict[str, list[Transform]] = {
    "imagenet": [ToFloat(), Normalize(IMAGENET_MEAN, IMAGENET_STD)],
    "tf": [ToFloat(), _levels((127.5,) * 3, 127.5)],
    "unit": [ToFloat()],
    "caffe": [ToFloat(), ReverseChannels(), _levels(CAFFE_MEAN, 1.0)],
    "efficientnet_lite": [ToFloat(), _levels((127.0,) * 3, 128.0)],
}
"""From image to numbers, by name."""


def to_numbers(name: str) -> list[Transform]:
    """The transforms of a preprocessing, without a size. Raises ValueError for an unknown name."""
    return lookup("preprocessing", name, PREPROCESSING)


def preprocessing(name: str, pixels: int) -> Compose:
    """From image to the input of a network of this size."""
    return Compose([Resize((pixels, pixels)), *to_numbers(name)])

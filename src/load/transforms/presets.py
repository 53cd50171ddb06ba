"""Pipelines with names: what training and evaluation do to an image.

The two of the dish classifier (github.com/SerhiiDolhopolov/NN_PlatesClassification,
app/augmentation.py) differ in size and in mean and standard deviation: those of its own training
photos, and those of ImageNet for the pretrained EfficientNet-B2.
"""

from dataclasses import dataclass

from src.load.transforms.base import Compose, Transform
from src.load.transforms.color import ColorJitter
from src.load.transforms.conversion import Normalize, ToFloat
from src.load.transforms.geometry import (
    RandomHorizontalFlip,
    RandomRotation,
    RandomVerticalFlip,
)
from src.load.transforms.resizing import PadToSquare, Resize
from src.load.transforms.trivial_augment import TrivialAugmentWide

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's training photos, red, green, blue."""

DISHES_MEAN, DISHES_STD = (0.519, 0.499, 0.469), (0.175, 0.183, 0.197)
"""Of the dish classifier's training photos, as its author computed them: the standard deviation
is the mean of those within each photo."""


@dataclass(frozen=True)
class Preset:
    """What is done to images.

    Attributes:
        training: with random changes.
        evaluation: without.
    """

    training: Compose
    evaluation: Compose


def dish_augmentation() -> list[Transform]:
    """The dish classifier's random changes."""
    return [
        RandomHorizontalFlip(),
        RandomVerticalFlip(),
        RandomRotation(10),
        ColorJitter(brightness=0.1, contrast=0.1, saturation=0.1, hue=0.05),
        TrivialAugmentWide(31),
    ]


def dish_pipeline(size: tuple[int, int], mean: tuple[float, ...], std: tuple[float, ...]) -> Preset:
    """The dish classifier's pipeline for another size, mean and standard deviation."""
    numbers: list[Transform] = [ToFloat(), Normalize(mean, std)]
    return Preset(
        training=Compose([Resize(size), *dish_augmentation(), *numbers]),
        evaluation=Compose([Resize(size), *numbers]),
    )


DISHES_128 = dish_pipeline((128, 128), DISHES_MEAN, DISHES_STD)
DISHES_288 = dish_pipeline((288, 288), IMAGENET_MEAN, IMAGENET_STD)

_CROP_64 = Compose([PadToSquare(), Resize((64, 64)), ToFloat()])
OBJECT_CROPS_64 = Preset(training=_CROP_64, evaluation=_CROP_64)
"""Objects cut out of photos, in their own proportions."""

PRESETS = {
    "dishes_128": DISHES_128,
    "dishes_288": DISHES_288,
    "object_crops_64": OBJECT_CROPS_64,
}
"""The pipelines by name."""

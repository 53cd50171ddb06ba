"""Changes of images, with the names and meanings of torchvision's transforms v2."""

from src.load.transforms.base import Compose, Picture, Transform
from src.load.transforms.color import ColorJitter, Grayscale
from src.load.transforms.configuration import (
    transform_config,
    transform_description,
    transform_from_config,
)
from src.load.transforms.conversion import Normalize, ReverseChannels, ToFloat
from src.load.transforms.geometry import (
    RandomAffine,
    RandomHorizontalFlip,
    RandomRotation,
    RandomVerticalFlip,
)
from src.load.transforms.presets import PRESETS, Preset, dish_augmentation, dish_pipeline
from src.load.transforms.resizing import (
    CenterCrop,
    PadToSquare,
    RandomDownscale,
    RandomResizedCrop,
    Resize,
)
from src.load.transforms.trivial_augment import TrivialAugmentWide

__all__ = [
    "PRESETS",
    "CenterCrop",
    "ColorJitter",
    "Compose",
    "Grayscale",
    "Normalize",
    "PadToSquare",
    "Picture",
    "Preset",
    "RandomAffine",
    "RandomDownscale",
    "RandomHorizontalFlip",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomVerticalFlip",
    "Resize",
    "ReverseChannels",
    "ToFloat",
    "Transform",
    "TrivialAugmentWide",
    "dish_augmentation",
    "dish_pipeline",
    "transform_config",
    "transform_description",
    "transform_from_config",
]

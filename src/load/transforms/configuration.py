"""Transforms as plain values that JSON holds, so that a model file can carry its preprocessing."""

from collections.abc import Mapping
from typing import Any

from src.load.transforms.base import Compose, Transform
from src.load.transforms.color import ColorJitter, Grayscale
from src.load.transforms.conversion import Normalize, ReverseChannels, ToFloat
from src.load.transforms.geometry import (
    RandomAffine,
    RandomHorizontalFlip,
    RandomRotation,
    RandomVerticalFlip,
)
from src.load.transforms.resizing import (
    CenterCrop,
    PadToSquare,
    RandomDownscale,
    RandomResizedCrop,
    Resize,
)
from src.load.transforms.trivial_augment import TrivialAugmentWide

TRANSFORMS: dict[str, type[Any]] = {
    transform.__name__: transform
    for transform in (
        CenterCrop,
        ColorJitter,
        Grayscale,
        Normalize,
        PadToSquare,
        RandomAffine,
        RandomDownscale,
        RandomHorizontalFlip,
        RandomResizedCrop,
        RandomRotation,
        RandomVerticalFlip,
        Resize,
        ReverseChannels,
        ToFloat,
        TrivialAugmentWide,
    )
}
"""Transforms that a file may name."""


def transform_config(transform: Transform) -> list[dict[str, Any]]:
    """Name and settings of each transform of a pipeline, in order.

    >>> from src.load.transforms import Resize, ToFloat
    >>> transform_config(Compose([Resize(64), ToFloat()]))
    [{'name': 'Resize', 'size': 64, 'interpolation': 'bilinear'}, {'name': 'ToFloat'}]

    Raises ValueError for a transform that is not in ``TRANSFORMS``: nobody could read it back.
    """
    if isinstance(transform, Compose):
        return [step for part in transform.transforms for step in transform_config(part)]
    name = type(transform).__name__
    if TRANSFORMS.get(name) is not type(transform):
        raise ValueError(f"{name}: expected one of {', '.join(TRANSFORMS)}")
    return transform_description(transform)


def transform_description(transform: Transform) -> list[dict[str, Any]]:
    """``transform_config``, also of transforms that nobody could read back: to compare them."""
    if isinstance(transform, Compose):
        return [step for part in transform.transforms for step in transform_description(part)]
    return [{"name": type(transform).__name__, **transform.settings()}]


def transform_from_config(steps: list[Mapping[str, Any]]) -> Compose:
    """The inverse of ``transform_config``; what JSON made a list is a tuple again.

    Raises ValueError for an unknown transform, or settings that it does not take.
    """
    transforms = []
    for step in steps:
        settings = dict(step)
        name = settings.pop("name", None)
        if name not in TRANSFORMS:
            raise ValueError(f"unknown transform {name!r}; known: {', '.join(TRANSFORMS)}")
        plain = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in settings.items()
        }
        try:
            transforms.append(TRANSFORMS[name](**plain))
        except TypeError as error:
            raise ValueError(f"{name}: {error}") from None
    return Compose(transforms)

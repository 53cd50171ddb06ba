"""A picture of what every transform does to one photo."""

from pathlib import Path

import numpy as np
from PIL import Image

from src.common.files import atomic_path
from src.load.image_grid import fitted, image_grid
from src.load.transforms import (
    PRESETS,
    CenterCrop,
    ColorJitter,
    Compose,
    Grayscale,
    Normalize,
    PadToSquare,
    Picture,
    RandomAffine,
    RandomDownscale,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomRotation,
    RandomVerticalFlip,
    Resize,
    ToFloat,
    Transform,
    TrivialAugmentWide,
)
from src.load.transforms.trivial_augment import CHANGES, EITHER_WAY, strengths

DRAWS = 6
"""Samples of each transform."""

LARGEST, SIDE = 213, 120
"""Pixels: of the photo that is changed, and of a picture of the result."""

EXAMPLES: dict[str, Transform] = {
    "Resize((80, 80))": Resize((80, 80)),
    "CenterCrop(100)": CenterCrop(100),
    "PadToSquare()": PadToSquare(),
    "RandomResizedCrop(160)": RandomResizedCrop(160),
    "RandomDownscale((0.1, 0.3), 1)": RandomDownscale((0.1, 0.3), 1),
    "RandomHorizontalFlip()": RandomHorizontalFlip(),
    "RandomVerticalFlip()": RandomVerticalFlip(),
    "RandomRotation(30)": RandomRotation(30, "bilinear"),
    "RandomAffine(shift)": RandomAffine(0, translate=(0.2, 0.2)),
    "RandomAffine(zoom)": RandomAffine(0, scale=(0.6, 1.6), interpolation="bilinear"),
    "RandomAffine(shear)": RandomAffine(0, shear=30, interpolation="bilinear"),
    "ColorJitter(brightness)": ColorJitter(brightness=0.5),
    "ColorJitter(contrast)": ColorJitter(contrast=0.7),
    "ColorJitter(saturation)": ColorJitter(saturation=0.9),
    "ColorJitter(hue)": ColorJitter(hue=0.25),
    "Grayscale()": Grayscale(),
    "ToFloat(), Normalize()": Compose([ToFloat(), Normalize((0.5,) * 3, (0.25,) * 3)]),
    "TrivialAugmentWide()": TrivialAugmentWide(),
    **{f"{name}, training": preset.training for name, preset in PRESETS.items()},
}
"""Every transform with settings strong enough to be seen, and the pipelines."""


def save_augmentations(image: Image.Image, path: Path, seed: int = 0) -> None:
    """Write a PNG: a row for each transform, and next to them each change of TrivialAugmentWide.

    Args:
        image: RGB.
        path: of the PNG.
        seed: of the draws.
    """
    small = image.copy()
    small.thumbnail((LARGEST, LARGEST))
    columns = [_stacked(_transforms(small, seed)), _stacked(_changes(small))]
    size = (sum(column.width for column in columns), max(column.height for column in columns))
    sheet = Image.new("RGB", size, "white")
    for k, column in enumerate(columns):
        sheet.paste(column, (k * columns[0].width, 0))
    with atomic_path(path) as partial:
        sheet.save(partial)


def _stacked(rows: dict[str, list[tuple[str, Picture]]]) -> Image.Image:
    """A grid of one row for each name, below one another."""
    grids = []
    for name, pictures in rows.items():
        images = [fitted(_visible(picture), SIDE, SIDE) for _, picture in pictures]
        labels = [label for label, _ in pictures]
        grids.append(image_grid(images, labels, columns=DRAWS, side=SIDE, title=name))
    width = max(grid.width for grid in grids)
    sheet = Image.new("RGB", (width, sum(grid.height for grid in grids)), "white")
    top = 0
    for grid in grids:
        sheet.paste(grid, (0, top))
        top += grid.height
    return sheet


def _transforms(photo: Image.Image, seed: int) -> dict[str, list[tuple[str, Picture]]]:
    rows: dict[str, list[tuple[str, Picture]]] = {"the photo": [("", photo)]}
    for number, (name, transform) in enumerate(EXAMPLES.items()):
        draws = DRAWS if _draws(transform) else 1
        rngs = [np.random.default_rng([seed, number, draw]) for draw in range(draws)]
        rows[name] = [("", transform(photo, rng)) for rng in rngs]
    return rows


def _changes(photo: Image.Image) -> dict[str, list[tuple[str, Picture]]]:
    """Every change of TrivialAugmentWide at several of its strengths."""
    rows: dict[str, list[tuple[str, Picture]]] = {}
    for name, change in CHANGES.items():
        bins = strengths(name, 31)
        levels = [float(bins[k]) for k in (6, 15, 24, 30)] if bins.any() else [0.0]
        levels += [-float(bins[24]), -float(bins[30])] if name in EITHER_WAY else []
        rows[f"TrivialAugmentWide: {name}"] = [
            (f"{level:.3g}" if bins.any() else "", change(photo, level, "nearest", 0))
            for level in levels
        ]
    return rows


def _draws(transform: Transform) -> bool:
    if isinstance(transform, Compose):
        return any(part.random for part in transform.transforms)
    return transform.random


def _visible(picture: Picture) -> Image.Image:
    """An image that can be shown: normalized levels are stretched to black to white."""
    if isinstance(picture, Image.Image):
        return picture
    low, high = picture.min(), picture.max()
    return Image.fromarray(np.uint8(255 * (picture - low) / max(high - low, 1e-6)))

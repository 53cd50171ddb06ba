"""A picture of what every transform does to one photo."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from src.common.files import atomic_path
from src.load.sheets import font, thumbnail
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

SHOWN_SIDE, LINE, GAP = 160, 18, 6
"""Size of a photo in the picture, height of a line of text, gaps: pixels."""

EXAMPLES: dict[str, Transform] = {
    "Resize((80, 80))": Resize((80, 80)),
    "CenterCrop(100)": CenterCrop(100),
    "PadToSquare()": PadToSquare(),
    "RandomResizedCrop(160)": RandomResizedCrop(160),
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
    """Write a PNG: a row for each transform, and beside it each change of TrivialAugmentWide.

    Args:
        image: RGB.
        path: of the PNG.
        seed: of the draws.
    """
    small = image.copy()
    small.thumbnail((SHOWN_SIDE * 4 // 3, SHOWN_SIDE * 4 // 3))
    blocks = [_transforms(small, seed), _changes(small)]
    side, high = SHOWN_SIDE * 3 // 4, SHOWN_SIDE * 3 // 4 + 2 * LINE
    wide = DRAWS * (side + GAP) + 4 * GAP
    sheet = Image.new("RGB", (2 * wide, max(map(len, blocks)) * high), "white")
    pen = ImageDraw.Draw(sheet)
    for column, block in enumerate(blocks):
        for row, (name, pictures) in enumerate(block.items()):
            left, top = column * wide + GAP, row * high
            pen.text((left, top + 2), name, "black", font(12))
            for place, (label, picture) in enumerate(pictures):
                corner = (left + place * (side + GAP), top + LINE)
                sheet.paste(thumbnail(_visible(picture), side), corner)
                pen.text((corner[0], corner[1] + side), label, "black", font(10))
    with atomic_path(path) as partial:
        sheet.save(partial)


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
    """An image that can be shown: normalized levels are spread over black to white."""
    if isinstance(picture, Image.Image):
        return picture
    low, high = picture.min(), picture.max()
    return Image.fromarray(np.uint8(255 * (picture - low) / max(high - low, 1e-6)))

"""Photos made for tests: smooth shapes, so that JPEG keeps them, and no two alike."""

from pathlib import Path

import numpy as np
from PIL import Image


def photo(seed, width=32, height=24):
    """An RGB image that no other seed gives."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def save(path, seed=0, **settings):
    """Write a photo; the folders are made."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    photo(seed, **settings).save(path)
    return path


def folder_of(root, counts, suffix=".png"):
    """Class folders with so many photos each, all different: {"train/cat": 3, ...}."""
    seed = 0
    for name, count in counts.items():
        for k in range(count):
            save(root / name / f"{k:03d}{suffix}", seed := seed + 1)
        (root / name).mkdir(parents=True, exist_ok=True)
    return root


def four_photos(root):
    """photos/0.png to 3.png; returns the folder that holds ``photos``."""
    for k in range(4):
        save(root / "photos" / f"{k}.png", k)
    return root

"""Training photos as backgrounds for others: what ``RandomBackground`` chooses from."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from src.load import ImageDataset, PreparedImages, UnreadableDataError
from src.load.subject import subject_mask
from src.load.transforms import Compose
from src.load.transforms.background import Backgrounds

MOST = 300
"""Scenes, and stages, that are kept in memory."""


def training_backgrounds(
    photos: ImageDataset, fixed: Compose, other: int, seed: int
) -> Backgrounds:
    """Scenes and stages among the training photos.

    Args:
        photos: divided.
        fixed: transforms that give all photos one size.
        other: number of the class whose photos show none of what is looked for: scenes are taken
            from it alone, so that no background shows what the label denies.
        seed: of the choice.
    """
    scenes: list[NDArray[np.uint8]] = []
    stages: list[tuple[NDArray[np.uint8], NDArray[np.bool_]]] = []
    images = photos.images
    rng = np.random.default_rng(seed)
    for row in rng.permutation(photos.splits["train"]).tolist():
        is_other = photos.targets[row] == other
        if len(stages) >= MOST and (len(scenes) >= MOST or not is_other):
            continue
        try:
            if isinstance(images, PreparedImages) and images.has(fixed):
                photo = images.prepared(fixed, row)
            else:
                photo = fixed(images[row], rng)
        except UnreadableDataError:
            continue
        assert isinstance(photo, Image.Image)
        mask = subject_mask(photo)
        if mask is not None and len(stages) < MOST:
            stages.append((np.asarray(photo), mask))
        elif mask is None and is_other and len(scenes) < MOST:
            scenes.append(np.asarray(photo))
    return Backgrounds(scenes, stages)

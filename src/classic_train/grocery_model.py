"""Recipe ``grocery``: 81 fine and 43 coarse classes of groceries, photographed in shops.

``--labels both`` (multi-label) asks for the fine and the coarse class at once, ``--labels fine``
and ``--labels coarse`` for one of them.
"""

from dataclasses import replace
from pathlib import Path

from src.classic_train.networks import photo_network
from src.classic_train.photo_options import PhotoOptions
from src.classic_train.photo_plan import PhotoPlan
from src.classic_train.photo_recipe import CNN, photo_recipe
from src.load.transforms import (
    ColorJitter,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomRotation,
    Resize,
    Transform,
)


def _resized(options: PhotoOptions) -> list[Transform]:
    """Shops' photos differ little in their proportions."""
    return [Resize((options.image_size, options.image_size))]


def _augmented(options: PhotoOptions) -> list[Transform]:
    """Parts of the photo, held at other angles, in the light of other shops."""
    larger = round(1.5 * options.image_size)
    part = RandomResizedCrop(options.image_size, scale=(0.25, 1.0))
    light = ColorJitter(brightness=0.4, contrast=0.4, saturation=0.4)
    turned = RandomRotation(15)
    return [Resize((larger, larger)), turned, part, RandomHorizontalFlip(), light]


PLAN = PhotoPlan(
    task="multi_class",
    evaluation=_resized,
    training=_augmented,
    read=lambda options: {"labels": options.labels},
)

RECIPE = photo_recipe(
    "grocery",
    "groceries in shops, 81 fine and 43 coarse classes, at once or one of them: a CNN",
    PLAN,
    replace(CNN, data="grocery"),
    {"cnn": photo_network},
    directory=Path("assets/grocery"),
    source="copy the folder dataset of github.com/marcusklasson/GroceryStoreDataset there",
    uses=("labels", "miss_weight"),
    next_recipe="plants",
)

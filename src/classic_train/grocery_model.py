"""Recipe ``grocery``: 81 fine and 43 coarse classes of groceries, photographed in shops.

``--labels both`` (multi-label) asks for the fine and the coarse class at once, ``--labels fine``
and ``--labels coarse`` for one of them.
"""

from functools import partial
from pathlib import Path

from src.classic_train.networks import photo_network
from src.classic_train.photo_data import PhotoPlan, photo_data, photos_at
from src.classic_train.photo_options import PhotoOptions
from src.classic_train.recipe import Recipe
from src.load.transforms import (
    ColorJitter,
    RandomHorizontalFlip,
    RandomResizedCrop,
    Resize,
    Transform,
)


def _resized(options: PhotoOptions) -> list[Transform]:
    """Shops' photos differ little in their proportions."""
    return [Resize((options.image_size, options.image_size))]


def _augmented(options: PhotoOptions) -> list[Transform]:
    """Parts of the photo, and the light of other shops."""
    larger = round(1.5 * options.image_size)
    part = RandomResizedCrop(options.image_size, scale=(0.4, 1.0))
    light = ColorJitter(brightness=0.3, contrast=0.3, saturation=0.3)
    return [Resize((larger, larger)), part, RandomHorizontalFlip(), light]


PLAN = PhotoPlan(
    task="multi_class",
    evaluation=_resized,
    training=_augmented,
    read=lambda options: {"labels": options.labels},
)

RECIPE = Recipe(
    name="grocery",
    summary="groceries in shops, 81 fine and 43 coarse classes, at once or one of them: a CNN",
    options=PhotoOptions(
        data="grocery",
        model="cnn",
        image_size=64,
        hidden=(32, 64, 128, 256),
        dropout=0.3,
        optimizer="adam",
        learning_rate=0.003,
        schedule="cosine",
        epochs=40,
        batch_size=32,
        workers=2,
    ),
    data={
        "grocery": photos_at(
            Path("assets/grocery"),
            PLAN,
            "clone github.com/marcusklasson/GroceryStoreDataset and copy its folder dataset there",
        )
    },
    next_recipe="plants",
    models={"cnn": photo_network},
    read_directory=partial(photo_data, plan=PLAN),
)

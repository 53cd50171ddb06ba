"""Recipe ``produce``: which of 63 fruits and vegetables are in a photo, or in a part of it?

The documents' network is the MLP; the CNN sees the same photos. Nearly all labels of a photo are
absent, so a model that answers nothing is right in 98% of them: look at the other figures.
"""

from functools import partial
from pathlib import Path

from src.classic_train.networks import multi_layer_perceptron, photo_network
from src.classic_train.photo_data import PhotoPlan, photo_data, photos_at
from src.classic_train.photo_options import PhotoOptions
from src.classic_train.recipe import Recipe
from src.load.transforms import (
    ColorJitter,
    PadToSquare,
    RandomAffine,
    RandomHorizontalFlip,
    Resize,
    Transform,
)


def _resized(options: PhotoOptions) -> list[Transform]:
    """In their own proportions, on black."""
    return [PadToSquare(), Resize((options.image_size, options.image_size))]


def _augmented(options: PhotoOptions) -> list[Transform]:
    """Moves and colours that leave a fruit what it is."""
    moved = RandomAffine(15, translate=(0.1, 0.1), scale=(0.8, 1.25), interpolation="bilinear")
    colours = ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2)
    return [*_resized(options), RandomHorizontalFlip(), moved, colours]


PLAN = PhotoPlan(
    task="multi_label",
    evaluation=_resized,
    training=_augmented,
    divide="anew",
    read=lambda options: {"objects": options.samples == "objects"},
)

RECIPE = Recipe(
    name="produce",
    summary="63 fruits and vegetables, multi-label: a CNN, or the MLP of 28 million parameters",
    options=PhotoOptions(
        data="lvis",
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
        "lvis": photos_at(
            Path("assets/produce"),
            PLAN,
            "fetch them with python -m src.load lvis_fruits_and_vegetables",
        )
    },
    next_recipe="grocery",
    models={"cnn": photo_network, "mlp": multi_layer_perceptron},
    model_options={
        "mlp": {
            "hidden": (2048, 1024, 512, 256, 128),
            "dropout": 0.0,
            "learning_rate": 0.0003,
            "workers": 1,
            "product_threads": 2,
        }
    },
    read_directory=partial(photo_data, plan=PLAN),
)

"""Recipe ``photos``: anybody's photos, with a pretrained network below a new head.

What is asked follows from the data: one class of several for folders, labels for a CSV file that
has several to a photo, yes or no for a single label. With few photos the backbone stays as it is,
its features are computed once, and an epoch of the head takes a fraction of a second; with more,
its last stages are fine-tuned at a tenth of the head's rate. ``--backbone none`` trains a small CNN
from nothing.
"""

from dataclasses import replace
from pathlib import Path

from src.classic_train.cli.photo_options import PhotoOptions
from src.classic_train.data.photo_pipeline import PhotoPipeline
from src.classic_train.recipes.backbone import backbone_origin
from src.classic_train.recipes.backbone_choice import (
    PREFERRED,
    PretrainedModel,
    with_pretrained_models,
)
from src.classic_train.recipes.networks import photo_network
from src.classic_train.recipes.photo_recipe import CNN, photo_recipe
from src.load.transforms import (
    ColorJitter,
    RandomHorizontalFlip,
    RandomResizedCrop,
    Resize,
    Transform,
)


def _resized(options: PhotoOptions) -> list[Transform]:
    return [Resize((options.image_size, options.image_size))]


def _augmented(options: PhotoOptions) -> list[Transform]:
    """Parts of the photo, mirrored, in other light."""
    larger = round(1.15 * options.image_size)
    part = RandomResizedCrop(options.image_size, scale=(0.5, 1.0))
    light = ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2)
    return [Resize((larger, larger)), part, RandomHorizontalFlip(), light]


PIPELINE = PhotoPipeline(
    task="multi_class",
    eval_transforms=_resized,
    train_transforms=_augmented,
    backbone=backbone_origin,
)

OPTIONS = replace(
    CNN,
    data="photos",
    model="backbone",
    image_size=224,
    dropout=0.2,
    hidden=(),
    learning_rate=0.001,
    epochs=30,
    workers="auto",
)

RECIPE = with_pretrained_models(
    photo_recipe(
        "photos",
        "your own photos, with a pretrained network below a new head, or a CNN from nothing",
        PIPELINE,
        OPTIONS,
        {"cnn": photo_network},
        directory=Path("assets/photos"),
        source="put folders there that are named after what their photos show",
        uses=("samples", "specificity", "miss_weight"),
        next_recipe="dishes",
        model_options={
            "cnn": {"image_size": 64, "learning_rate": CNN.learning_rate, "dropout": CNN.dropout}
        },
    ),
    {"backbone": PretrainedModel(PREFERRED)},
    instead="cnn",
)

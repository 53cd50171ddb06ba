"""Recipe ``tomato``: ripe or unripe tomatoes, each cut out of its photo, or whole photos.

Photos of ripe and unripe tomatoes have been published under several names and in several splits
at once; so they are divided by what they show. ``--folds 5`` evaluates on all of them. Few distinct
photos are left: the dozen of a validation split are often all right after an epoch or two, and
then say nothing of which epoch is best. So the last one is kept.
"""

from dataclasses import replace
from pathlib import Path

from src.classic_train.cli.photo_options import PhotoOptions
from src.classic_train.data.photo_pipeline import PhotoPipeline
from src.classic_train.recipes.backbone import backbone_origin
from src.classic_train.recipes.backbone_choice import (
    DENSE_HEAD,
    PREFERRED,
    RESNET50,
    PretrainedModel,
    with_pretrained_models,
)
from src.classic_train.recipes.networks import photo_network
from src.classic_train.recipes.photo_recipe import CNN, photo_recipe
from src.load.transforms import (
    PadToSquare,
    RandomAffine,
    RandomHorizontalFlip,
    RandomVerticalFlip,
    Resize,
    Transform,
)


def _resized(options: PhotoOptions) -> list[Transform]:
    """In their own proportions, on black."""
    return [PadToSquare(), Resize((options.image_size, options.image_size))]


def _augmented(options: PhotoOptions) -> list[Transform]:
    """Rotation, zoom and shift, and flips: a tomato has no upper side."""
    moved = RandomAffine(40, translate=(0.1, 0.1), scale=(0.8, 1.2), interpolation="bilinear")
    return [*_resized(options), RandomHorizontalFlip(), RandomVerticalFlip(), moved]


PIPELINE = PhotoPipeline(
    task="binary",
    eval_transforms=_resized,
    train_transforms=_augmented,
    resplit=True,
    read=lambda options: {"objects": options.samples == "objects"},
    backbone=backbone_origin,
)

RECIPE = with_pretrained_models(
    photo_recipe(
        "tomato",
        "ripe or unripe tomatoes in photos, cut out by their boxes: a small CNN",
        PIPELINE,
        replace(CNN, data="tomatoes", filters=(16, 32, 64, 128), keep="last"),
        {"cnn": photo_network},
        directory=Path("assets/tomato"),
        source="fetch them with python -m src.load tomatoes",
        uses=("samples", "specificity", "miss_weight"),
        next_recipe="produce",
    ),
    {
        "backbone": PretrainedModel(PREFERRED, settings=DENSE_HEAD),
        "resnet50": PretrainedModel(RESNET50, settings=DENSE_HEAD),
    },
)

"""Recipe ``grocery``: 81 fine and 43 coarse classes of groceries, photographed in shops.

``--labels both`` (multi-label) asks for the fine and the coarse class at once, ``--labels fine``
and ``--labels coarse`` for one of them.
"""

from dataclasses import replace
from pathlib import Path

from src.classic_train.cli.photo_options import PhotoOptions
from src.classic_train.data.photo_pipeline import PhotoPipeline
from src.classic_train.recipes.backbone import backbone_origin
from src.classic_train.recipes.backbone_choice import (
    DENSE_HEAD,
    FINE_TUNED,
    PREFERRED,
    RESNET50,
    PretrainedModel,
    with_pretrained_models,
)
from src.classic_train.recipes.networks import photo_network
from src.classic_train.recipes.photo_recipe import CNN, photo_recipe
from src.load.transforms import (
    RandomHorizontalFlip,
    RandomResizedCrop,
    Resize,
    Transform,
    TrivialAugmentWide,
)


def _resized(options: PhotoOptions) -> list[Transform]:
    """Shops' photos differ little in their proportions."""
    return [Resize((options.image_size, options.image_size))]


def _augmented(options: PhotoOptions) -> list[Transform]:
    """Parts of the photo, changed as TrivialAugment has it: there are few things behind the photos.

    A thing was photographed several times in one place, so validation photos, which are taken out
    of the training ones, show things that were trained on: they tell little of other shops.
    """
    larger = round(1.5 * options.image_size)
    part = RandomResizedCrop(options.image_size, scale=(0.25, 1.0))
    return [Resize((larger, larger)), part, RandomHorizontalFlip(), TrivialAugmentWide(31)]


PIPELINE = PhotoPipeline(
    task="multi_class",
    eval_transforms=_resized,
    train_transforms=_augmented,
    read=lambda options: {"labels": options.labels},
    backbone=backbone_origin,
)

RECIPE = with_pretrained_models(
    photo_recipe(
        "grocery",
        "groceries in shops, 81 fine and 43 coarse classes, at once or one of them: a CNN",
        PIPELINE,
        replace(CNN, data="grocery", epochs=80, keep="last"),
        {"cnn": photo_network},
        directory=Path("assets/grocery"),
        source="copy the folder dataset of github.com/marcusklasson/GroceryStoreDataset there",
        uses=("labels", "miss_weight"),
        next_recipe="plants",
    ),
    {
        "backbone": PretrainedModel(PREFERRED, settings=FINE_TUNED),
        "resnet50": PretrainedModel(RESNET50, settings=DENSE_HEAD),
    },
)

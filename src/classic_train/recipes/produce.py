"""Recipe ``produce``: which of 63 fruits and vegetables are in a photo, or in a part of it?

The documents' network is the MLP; the CNN sees the same photos. Nearly all labels of a photo are
absent, so a model that answers nothing is right in 98% of them: look at the other metrics.
"""

from dataclasses import replace
from pathlib import Path

from src.classic_train.cli.photo_options import PhotoOptions
from src.classic_train.data.photo_pipeline import PhotoPipeline
from src.classic_train.recipes.backbone import backbone_origin
from src.classic_train.recipes.backbone_choice import (
    DENSE_HEAD,
    PREFERRED,
    PretrainedModel,
    with_pretrained_models,
)
from src.classic_train.recipes.networks import multi_layer_perceptron, photo_network
from src.classic_train.recipes.photo_recipe import CNN, photo_recipe
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


PIPELINE = PhotoPipeline(
    task="multi_label",
    eval_transforms=_resized,
    train_transforms=_augmented,
    resplit=True,
    read=lambda options: {"objects": options.samples == "objects"},
    backbone=backbone_origin,
)

RECIPE = with_pretrained_models(
    photo_recipe(
        "produce",
        "63 fruits and vegetables, multi-label: a CNN, or the MLP of 28 million parameters",
        PIPELINE,
        replace(CNN, data="lvis"),
        {"cnn": photo_network, "mlp": multi_layer_perceptron},
        directory=Path("assets/produce"),
        source="fetch them with python -m src.load lvis_fruits_and_vegetables",
        uses=("samples", "miss_weight"),
        next_recipe="grocery",
        model_options={
            "mlp": {
                "hidden": (2048, 1024, 512, 256, 128),
                "dropout": 0.0,
                "learning_rate": 0.0003,
                "workers": 1,
                "product_threads": 2,
            }
        },
    ),
    {
        "backbone": PretrainedModel(PREFERRED, settings=DENSE_HEAD),
        "mobilenet_v2": PretrainedModel(("mobilenet_v2",), settings=DENSE_HEAD),
    },
)

"""Recipe ``imagenet100``: a hundred of ImageNet's classes, on four published networks.

The data are read as Kaggle has them: four folders ``train.X1`` to ``train.X4`` with different
classes, ``val.X``, and ``Labels.json`` with their names; nothing is copied. ``val.X`` is the test
split, and a part of the training photos validates. Any other folders of classes do as well.

The network is frozen, and the head on its features stops to train where the validation cost does.
"""

from dataclasses import replace
from pathlib import Path

from src.classic_train.recipes.backbone_choice import (
    EFFICIENTNET,
    INCEPTION_V3,
    RESNET50,
    VGG16,
    PretrainedModel,
    with_pretrained_models,
)
from src.classic_train.recipes.photo_recipe import photo_recipe
from src.classic_train.recipes.photos import OPTIONS, PIPELINE

BACKBONES = {
    "efficientnet": EFFICIENTNET,
    "resnet50": RESNET50,
    "vgg16": VGG16,
    "inception_v3": INCEPTION_V3,
}

RECIPE = with_pretrained_models(
    photo_recipe(
        "imagenet100",
        "100 classes of ImageNet, a head on VGG16, InceptionV3, ResNet50 or EfficientNet",
        PIPELINE,
        replace(
            OPTIONS,
            data="imagenet100",
            model="efficientnet",
            hidden=(512,),
            dropout=0.5,
            freeze="all",
            schedule="constant",
            patience=3,
        ),
        {},
        directory=Path("assets/imagenet100"),
        source="unpack ImageNet-100 of Kaggle (ambityga/imagenet100) there",
        next_recipe="photos",
    ),
    {name: PretrainedModel(backbones) for name, backbones in BACKBONES.items()},
)

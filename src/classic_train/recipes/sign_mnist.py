"""Recipe ``sign_mnist``: letters of the American sign language, from photos of hands.

``--model resnet50`` enlarges them to 64 x 64 and trains the last stage of ResNet50, which comes
with ImageNet's weights.
"""

from src.classic_train.cli.backbone_options import BackboneOptions
from src.classic_train.data.small_images import signs, signs_directory
from src.classic_train.recipes.backbone import grey_backbone_network
from src.classic_train.recipes.backbone_choice import (
    RESNET50,
    PretrainedModel,
    with_pretrained_models,
)
from src.classic_train.recipes.networks import sign_network
from src.classic_train.recipes.recipe import Recipe
from src.load import BatchRandomAffine

CNN_RECIPE = Recipe(
    name="sign_mnist",
    summary="Sign Language MNIST, a small CNN with augmentation; 24 letters (CSVs by --data DIR)",
    options=BackboneOptions(
        data="signs",
        model="cnn",
        hidden=(128,),
        dropout=0.4,
        optimizer="adam",
        learning_rate=0.002,
        schedule="cosine",
        epochs=12,
        batch_size=128,
        workers=2,
    ),
    data={"signs": signs},
    without={"train_samples", "miss_weight", "cache_features"},
    model_without={"cnn": {"image_size"}},
    next_recipe="digits",
    models={"cnn": sign_network},
    read_directory=signs_directory,
    augmentation=BatchRandomAffine(rotation=12, shift=0.12, zoom=0.15),
)

RECIPE = with_pretrained_models(
    CNN_RECIPE,
    {
        "resnet50": PretrainedModel(
            RESNET50,
            grey_backbone_network,
            {
                "image_size": 64,
                "freeze": "body",
                "dropout": 0.2,
                "learning_rate": 0.003,
                "epochs": 2,
                "batch_size": 64,
            },
        )
    },
)

"""Recipe ``dishes``: is a plate clean or dirty?

Photos, their division and the augmentation are those of Serhii Dolhopolov's classifier
(github.com/SerhiiDolhopolov/NN_PlatesClassification), which reached a test accuracy of 0.9363, and
0.7991 on photos from elsewhere. ``--model tiny_vgg`` is his network and training too, but for two
things that the validation photos asked for: the first weights (see ``tiny_vgg_dishes``), and a
learning rate of 0.003 for 0.01, with which some seeds end in one answer for every photo.

The default is another network, ``photo_cnn``. TinyVGG's dense layer on 16,384 features knows
places, and half of what it knows is the table: in the test photos most clean plates lie on wood and
most dirty ones on grey cloth. A network that ends in the means of its maps knows no places, has a
seventh of the parameters, and looks for dirt (``benchmarks/NOTES.md``).
"""

from pathlib import Path

from src.classic_train.cli.photo_options import PhotoOptions
from src.classic_train.data.photo_pipeline import PhotoPipeline
from src.classic_train.recipes.backbone import backbone_origin
from src.classic_train.recipes.backbone_choice import (
    EFFICIENTNET,
    PretrainedModel,
    with_pretrained_models,
)
from src.classic_train.recipes.networks import dishes_network, photo_network
from src.classic_train.recipes.photo_recipe import photo_recipe
from src.load import ImageDataset
from src.load.transforms import Resize, Transform, dish_augmentation
from src.load.transforms.background import Backgrounds, RandomBackground


def _resized(options: PhotoOptions) -> list[Transform]:
    return [Resize((options.image_size, options.image_size))]


def _backgrounds(options: PhotoOptions, photos: ImageDataset) -> list[Transform]:
    """Plates on other tables: no photo of dishes is a background for others, so they are drawn."""
    return [RandomBackground(Backgrounds((), ()), options.backgrounds)] * bool(options.backgrounds)


PIPELINE = PhotoPipeline(
    task="multi_class",
    eval_transforms=_resized,
    train_transforms=lambda options: [*_resized(options), *dish_augmentation()],
    normalize=True,
    validation_from="test",
    backbone=backbone_origin,
    learned_from=_backgrounds,
)

DOCUMENTS = {
    "optimizer": "radam",
    "schedule": "plateau:factor=0.9,patience=0",
}
"""Training of the dish classifier, whatever its network."""

CNN_RECIPE = photo_recipe(
    "dishes",
    "clean or dirty dishes: photos of 128 x 128, with TrivialAugment",
    PIPELINE,
    PhotoOptions(
        data="dishes",
        model="cnn",
        image_size=128,
        filters=(16, 32, 64, 128),
        dropout=0.3,
        optimizer="adam",
        learning_rate=0.003,
        schedule="cosine",
        epochs=100,
        batch_size=32,
        workers=2,
        save_every=1,
    ),
    {"cnn": photo_network, "tiny_vgg": dishes_network},
    directory=Path("assets/dishes"),
    source="put folders train and test with clean and dirty there",
    uses=("backgrounds",),
    next_recipe="tomato",
    model_options={
        "tiny_vgg": {**DOCUMENTS, "learning_rate": 0.003, "epochs": 50},
    },
)

RECIPE = with_pretrained_models(
    CNN_RECIPE,
    {
        "efficientnet": PretrainedModel(
            EFFICIENTNET,
            settings={
                **DOCUMENTS,
                "learning_rate": 0.001,
                "image_size": 288,
                "hidden": (256,),
                "dropout": 0.5,
                "epochs": 30,
                "workers": "auto",
            },
        )
    },
)

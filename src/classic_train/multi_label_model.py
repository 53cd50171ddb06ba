"""Recipe ``multi_label``: which of the ten digits stand in a scene of handwritten ones."""

from src.classic_train.cli.options import TrainingOptions
from src.classic_train.data.generated import blobs, digit_canvases, digit_strips
from src.classic_train.recipes.networks import multi_layer_perceptron, scene_network
from src.classic_train.recipes.recipe import Recipe

RECIPE = Recipe(
    name="multi_label",
    summary="scenes of one to three handwritten digits, ten labels, momentum",
    options=TrainingOptions(
        data="scenes",
        train_samples=30_000,
        hidden=(256, 128),
        dropout=0.2,
        optimizer="momentum",
        learning_rate=2.0,
        schedule="exponential:base=0.85",
        epochs=20,
    ),
    data={"scenes": digit_strips, "canvas": digit_canvases, "blobs": blobs},
    next_recipe="multi_label_adam",
    models={"mlp": multi_layer_perceptron, "cnn": scene_network},
    model_options={
        "cnn": {
            "data": "canvas",
            "hidden": (128,),
            "dropout": 0.3,
            "optimizer": "adam",
            "learning_rate": 0.002,
            "schedule": "cosine",
            "epochs": 8,
            "batch_size": 128,
            "workers": 2,
        }
    },
)

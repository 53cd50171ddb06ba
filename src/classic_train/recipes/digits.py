"""Recipe ``digits``: one handwritten digit an image, read by LeNet."""

from src.classic_train.cli.options import TrainingOptions
from src.classic_train.data.small_images import digits
from src.classic_train.recipes.networks import lenet_network
from src.classic_train.recipes.recipe import Recipe
from src.load import BatchRandomAffine

RECIPE = Recipe(
    name="digits",
    summary="handwritten digits, 8 x 8, LeNet; ten classes",
    options=TrainingOptions(
        data="digits",
        model="lenet",
        dropout=0.5,
        optimizer="adam",
        learning_rate=0.002,
        schedule="cosine",
        epochs=100,
        history_every=20,
    ),
    data={"digits": digits},
    without={"train_samples", "miss_weight"},
    next_recipe="fashion_mnist",
    models={"lenet": lenet_network},
    augmentation=BatchRandomAffine(rotation=10, shift=0.08, zoom=0.1),
)

"""Recipe ``sign_mnist``: letters of the American sign language, from photos of hands."""

from src.classic_train.cli.options import TrainingOptions
from src.classic_train.data.small_images import signs, signs_directory
from src.classic_train.recipes.networks import sign_network
from src.classic_train.recipes.recipe import Recipe
from src.load import BatchRandomAffine

RECIPE = Recipe(
    name="sign_mnist",
    summary="Sign Language MNIST, a small CNN with augmentation; 24 letters (CSVs by --data DIR)",
    options=TrainingOptions(
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
    without={"train_samples", "miss_weight"},
    next_recipe="digits",
    models={"cnn": sign_network},
    read_directory=signs_directory,
    augmentation=BatchRandomAffine(rotation=12, shift=0.12, zoom=0.15),
)

"""Recipe ``fashion_mnist``: photos of clothes, sorted by LeNet."""

from src.classic_train.cli.options import TrainingOptions
from src.classic_train.data.small_images import fashion_mnist, fashion_mnist_directory
from src.classic_train.recipes.networks import lenet_network
from src.classic_train.recipes.recipe import Recipe

RECIPE = Recipe(
    name="fashion_mnist",
    summary="Fashion-MNIST, LeNet; ten classes (idx files by --data DIR or Debian's package)",
    options=TrainingOptions(
        data="fashion_mnist",
        model="lenet",
        dropout=0.4,
        optimizer="adam",
        learning_rate=0.002,
        schedule="cosine",
        epochs=14,
        batch_size=128,
        workers=2,
    ),
    data={"fashion_mnist": fashion_mnist},
    without={"train_samples", "miss_weight"},
    next_recipe="sign_mnist",
    models={"lenet": lenet_network},
    read_directory=fashion_mnist_directory,
)

"""Recipe ``binary``: which of two interleaved half circles a point belongs to."""

from src.classic_train.cli.options import TrainingOptions
from src.classic_train.data.generated import moons
from src.classic_train.recipes.recipe import Recipe

RECIPE = Recipe(
    name="binary",
    summary="two moons, one yes-or-no label, momentum; draws the decision boundary",
    options=TrainingOptions(
        data="moons",
        hidden=(32, 16),
        optimizer="momentum",
        learning_rate=0.5,
        epochs=60,
        history_every=5,
    ),
    data={"moons": moons},
    next_recipe="binary_adam",
)

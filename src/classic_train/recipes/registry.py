"""All recipes by name."""

from src.classic_train import (
    batch_norm_model,
    binary_model,
    binary_model_adam,
    multi_label_model,
    multi_label_model_adam,
)
from src.classic_train.recipes import (
    digits,
    dishes,
    fashion_mnist,
    grocery,
    imagenet100,
    photos,
    plants,
    produce,
    sign_mnist,
    tomato,
)
from src.classic_train.recipes.recipe import Recipe

RECIPES: dict[str, Recipe] = {
    module.RECIPE.name: module.RECIPE
    for module in (
        binary_model,
        binary_model_adam,
        multi_label_model,
        multi_label_model_adam,
        batch_norm_model,
        digits,
        fashion_mnist,
        sign_mnist,
        dishes,
        tomato,
        produce,
        plants,
        grocery,
        imagenet100,
        photos,
    )
}

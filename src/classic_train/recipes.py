"""All recipes by name."""

from src.classic_train import (
    batch_norm_model,
    binary_model,
    binary_model_adam,
    digits_model,
    dishes_model,
    fashion_mnist_model,
    grocery_model,
    multi_label_model,
    multi_label_model_adam,
    plants_model,
    produce_model,
    sign_mnist_model,
    tomato_model,
)
from src.classic_train.recipe import Recipe

RECIPES: dict[str, Recipe] = {
    module.RECIPE.name: module.RECIPE
    for module in (
        binary_model,
        binary_model_adam,
        multi_label_model,
        multi_label_model_adam,
        batch_norm_model,
        digits_model,
        fashion_mnist_model,
        sign_mnist_model,
        dishes_model,
        tomato_model,
        produce_model,
        plants_model,
        grocery_model,
    )
}

"""Recipe ``batch_norm``: the digit scenes, with batch normalization in every hidden layer."""

from dataclasses import replace

from src.classic_train.multi_label_model import RECIPE as MULTI_LABEL
from src.classic_train.recipes.networks import batch_norm_perceptron

RECIPE = replace(
    MULTI_LABEL,
    name="batch_norm",
    summary="digit scenes with batch normalization and momentum",
    models={"mlp": batch_norm_perceptron},
    model_options={},
    next_recipe="binary",
)

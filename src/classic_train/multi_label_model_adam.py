"""Recipe ``multi_label_adam``: the digit scenes of ``multi_label``, learned with Adam."""

from dataclasses import replace

from src.classic_train.multi_label_model import RECIPE as MULTI_LABEL
from src.classic_train.recipes.networks import multi_layer_perceptron

RECIPE = replace(
    MULTI_LABEL,
    name="multi_label_adam",
    summary="digit scenes with Adam",
    options=replace(MULTI_LABEL.options, optimizer="adam", learning_rate=0.002),
    next_recipe="batch_norm",
    models={"mlp": multi_layer_perceptron},
    model_options={},
)

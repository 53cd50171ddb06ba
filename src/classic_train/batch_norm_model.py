"""Recipe ``batch_norm``: the digit scenes, with batch normalization in every hidden layer."""

from dataclasses import replace

from src.classic_train.multi_label_model import RECIPE as MULTI_LABEL

RECIPE = replace(
    MULTI_LABEL,
    name="batch_norm",
    summary="digit scenes with batch normalization and momentum",
    batch_norm=True,
    next_recipe="binary",
)

"""Recipe ``binary_adam``: the two moons of ``binary``, learned with Adam."""

from dataclasses import replace

from src.classic_train.binary_model import RECIPE as BINARY

RECIPE = replace(
    BINARY,
    name="binary_adam",
    summary="two moons with Adam",
    options=replace(BINARY.options, optimizer="adam", learning_rate=0.005, epochs=40),
    next_recipe="multi_label",
)

"""What a recipe is: data, a network, and the settings that it is trained with."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from src.classic_nn.layers import Sequential
from src.classic_nn.loss import (
    BinaryCrossEntropy,
    Loss,
    SoftmaxCrossEntropy,
)
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.cli.parsers import OptionError
from src.classic_train.data.generated import load_npz
from src.classic_train.data.splits import RecipeData
from src.classic_train.mini_batch import Augmentation
from src.classic_train.recipes.networks import multi_layer_perceptron
from src.common.lookup import lookup

Network = Callable[[TrainingOptions, RecipeData], Sequential]
"""Makes a network, not yet built, for the data."""


@dataclass(frozen=True)
class Recipe:
    """A model that one command trains.

    Attributes:
        name: on the command line.
        summary: one line for the list of recipes.
        options: the defaults.
        data: functions from options to data, by the names that ``--data`` takes; the first is
            the default.
        next_recipe: what to try after this one.
        models: networks by the names that ``--model`` takes.
        model_options: defaults that differ for a model.
        read_directory: reads the data set from a directory that ``--data`` names.
        augmentation: moves training images, each time otherwise.
        without: names of settings that mean nothing to the recipe.
    """

    name: str
    summary: str
    options: TrainingOptions
    data: Mapping[str, Callable[[TrainingOptions], RecipeData]]
    next_recipe: str
    models: Mapping[str, Network] = field(default_factory=lambda: {"mlp": multi_layer_perceptron})
    model_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    read_directory: Callable[[Path, TrainingOptions], RecipeData] | None = None
    augmentation: Augmentation | None = None
    without: Collection[str] = ()

    def defaults(self, model: str) -> TrainingOptions:
        """The settings of the recipe with one of its models."""
        return replace(self.options, **self.model_options.get(model, {}))

    def load_data(self, options: TrainingOptions) -> RecipeData:
        """Training, validation and test data; a name with .npz at its end is a file."""
        if options.data.endswith(".npz"):
            return load_npz(options.data, options.seed, options.dtype)
        if self.read_directory and options.data not in self.data and Path(options.data).is_dir():
            return self.read_directory(Path(options.data), options)
        try:
            load = lookup("data", options.data, self.data)
        except ValueError as error:
            also = ", the directory of the files" if self.read_directory else ""
            raise OptionError(f"--data: {error}{also}, or an .npz file") from None
        return load(options)

    def build_network(self, options: TrainingOptions, data: RecipeData) -> Sequential:
        """The network of ``--model``, built for the data.

        The weights come from the seed, so the same options make the same network.

        Raises OptionError for an unknown model, or one that the data are too small for.
        """
        try:
            network = lookup("model", options.model, self.models)(options, data)
            rng = np.random.default_rng(options.seed)
            network.build(data.input_shape, rng, options.dtype)
        except ValueError as error:
            raise OptionError(f"--model: {error}") from None
        return network

    def create_loss(self, options: TrainingOptions, data: RecipeData) -> Loss:
        """Cross-entropy: of one class out of several, or of labels that are each there or not.

        Missed labels cost more if the options say so.
        """
        if data.task == "multi_class":
            return SoftmaxCrossEntropy()
        return BinaryCrossEntropy(pos_weight=options.miss_weight)

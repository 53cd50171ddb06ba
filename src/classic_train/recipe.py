"""What a recipe is: data, a network, and the settings that it is trained with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from src.classic_nn.layers import ACTIVATIONS, BatchNorm, Dense, Dropout, Flatten, Layer, Sequential
from src.classic_nn.loss import BinaryCrossEntropy, MissWeightedBinaryCrossEntropy
from src.classic_nn.naming import lookup
from src.classic_train.data import RecipeData, load_npz
from src.classic_train.option_parsers import OptionError
from src.classic_train.options import TrainingOptions


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
        batch_norm: whether a batch normalization stands between hidden layers and activations.
    """

    name: str
    summary: str
    options: TrainingOptions
    data: Mapping[str, Callable[[TrainingOptions], RecipeData]]
    next_recipe: str
    batch_norm: bool = False

    def load_data(self, options: TrainingOptions) -> RecipeData:
        """Training, validation and test data; a name with .npz at its end is a file."""
        if options.data.endswith(".npz"):
            return load_npz(options.data, options.seed, options.dtype)
        try:
            return lookup("data", options.data, self.data)(options)
        except ValueError as error:
            raise OptionError(f"--data: {error}, or an .npz file") from None

    def build_network(self, options: TrainingOptions, data: RecipeData) -> Sequential:
        """A multi-layer perceptron for the data: [Dense, BatchNorm, activation, Dropout] ... Dense.

        The weights come from the seed, so the same options make the same network.
        """
        layers: list[Layer] = [Flatten()] if data.train.x.ndim > 2 else []
        for width in options.hidden:
            layers.append(Dense(width, not self.batch_norm, options.initialization))
            layers += [BatchNorm()] if self.batch_norm else []
            layers.append(ACTIVATIONS[options.activation]())
            layers += [Dropout(options.dropout)] if options.dropout else []
        layers.append(Dense(len(data.class_names), initialization=options.initialization))
        network = Sequential(layers)
        network.build(data.train.x.shape[1:], np.random.default_rng(options.seed), options.dtype)
        return network

    def create_loss(self, options: TrainingOptions) -> BinaryCrossEntropy:
        """Binary cross-entropy; missed labels cost more if the options say so."""
        if options.miss_weight == 1:
            return BinaryCrossEntropy()
        return MissWeightedBinaryCrossEntropy(miss_weight=options.miss_weight)

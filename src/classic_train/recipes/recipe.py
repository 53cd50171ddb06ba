"""What a recipe is: data, a network, and the settings that it is trained with."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields, replace
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
from src.classic_train.cli.photo_options import PhotoOptions
from src.classic_train.data.arrays import holds_images, load_arrays
from src.classic_train.data.splits import RecipeData
from src.classic_train.mini_batch import Augmentation
from src.classic_train.recipes.networks import NETWORK_OPTIONS, Network, multi_layer_perceptron
from src.common.lookup import lookup
from src.load.read import TABLES

OF_PHOTOS = {f.name for f in fields(PhotoOptions)} - {f.name for f in fields(TrainingOptions)}
OF_PHOTOS -= {"specificity"}
"""Settings that mean something for photos only, and not for arrays."""

OF_TABLES = {"label_column", "label_separator"}
"""Settings that mean something for photos that a CSV file lists."""


@dataclass(frozen=True)
class Recipe:
    """A model that one command trains.

    Attributes:
        name: on the command line.
        summary: one line for the list of recipes.
        options: the defaults.
        data: functions from options to data, by the names that ``--data`` takes; the first is
            the default.
        next_recipe: what to try after this one; empty for nothing.
        models: networks by the names that ``--model`` takes.
        model_options: defaults that differ for a model.
        read_directory: reads the data set from a directory that ``--data`` names.
        augmentation: moves training images, each time otherwise.
        without: names of settings that mean nothing to the recipe, whatever the model.
        model_without: the same of a model.
        settle: from the settings that were given to those that they stand for.
        settle_by_data: from options to those that they stand for with some data.
        unused: names of settings that decide nothing with some options.
        finetuning: settings of a run that begins with another one's weights, where they differ.
        shortcuts: whether the report says what the network looks at: subject or background.
        note: what to say of some options when training begins; empty for nothing.
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
    model_without: Mapping[str, Collection[str]] = field(default_factory=dict)
    settle: Callable[[Mapping[str, Any]], dict[str, Any]] = dict
    settle_by_data: Callable[[TrainingOptions, RecipeData], TrainingOptions] = field(
        default=lambda options, data: options
    )
    unused: Callable[[TrainingOptions], Collection[str]] = field(default=lambda options: ())
    finetuning: Mapping[str, Any] = field(default_factory=dict)
    shortcuts: bool = False
    note: Callable[[TrainingOptions], str] = field(default=lambda options: "")

    def defaults(self, model: str) -> TrainingOptions:
        """The settings of the recipe with one of its models."""
        return replace(self.options, **self.model_options.get(model, {}))

    def settings_of(self, model: str | None = None) -> set[str]:
        """Names of the settings that mean something with a model, or with one of the models."""
        chosen = [name for name in self.models if model in (None, name)]
        read = frozenset[str]().union(*(self.models[name].reads for name in chosen))
        useless = [frozenset(self.model_without.get(name, ())) for name in chosen]
        names = {f.name for f in fields(self.options)} - set(self.without)
        return (
            names
            - (NETWORK_OPTIONS - read)
            - frozenset[str]().union(*useless[:1]).intersection(*useless)
        )

    def used_settings(self, options: TrainingOptions) -> set[str]:
        """Names of the settings that a run with these options uses."""
        used = self.settings_of(options.model)
        if options.data not in self.data:  # the user's own
            used -= {"train_samples"}
        of_photos = isinstance(self.options, PhotoOptions)
        if options.data not in self.data and of_photos and not holds_images(options.data):
            used -= OF_PHOTOS
        if not options.data.lower().endswith(TABLES):
            used -= OF_TABLES
        if options.workers == "auto":
            used -= {"product_threads"}
        return used - set(self.unused(options))

    def check_settings(self, options: TrainingOptions, given: Collection[str]) -> None:
        """Raise OptionError for an unknown model, and for a setting that the run would not use."""
        try:
            lookup("model", options.model, self.models)
        except ValueError as error:
            raise OptionError(f"--model: {error}") from None
        used = self.used_settings(options) | set(self.unused(options))
        for name in given:
            if name in used:
                continue
            flag = f"--{name.replace('_', '-')}"
            if name in self.without:
                raise OptionError(f"{flag}: {self.name} does not use it; leave it out")
            if name in self.model_without.get(options.model, ()):
                raise OptionError(f"{flag}: the network {options.model} does not use it")
            if name in NETWORK_OPTIONS:
                read = sorted(self.models[options.model].reads)
                known = ", ".join(f"--{other}" for other in read) or "none of these options"
                raise OptionError(
                    f"{flag}: the network {options.model} of {self.name} does not use it; "
                    f"it uses {known}"
                )
            if name == "train_samples":
                raise OptionError(f"{flag}: is for generated data, and --data is {options.data}")
            if name in OF_TABLES:
                raise OptionError(f"{flag}: is for CSV files, and --data is {options.data}")
            if name in OF_PHOTOS:
                raise OptionError(f"{flag}: is for photos, and --data is {options.data}")
            raise OptionError(f"{flag}: is chosen by --workers auto; leave one of them out")

    def saved_options(self, values: Mapping[str, Any]) -> TrainingOptions:
        """Options that a checkpoint holds; in older ones filters are called hidden.

        Raises TypeError where they are of another version.
        """
        network = self.models.get(values.get("model", ""))
        if "filters" not in values and network is not None and "filters" in network.reads:
            values = {**values, "filters": values["hidden"], "hidden": self.options.hidden}
        return type(self.options).from_dict(dict(values))

    def load_data(self, options: TrainingOptions) -> RecipeData:
        """Training, validation and test data.

        A path that exists is whatever ``read_data`` reads, unless it is a name that the recipe
        knows. Photos, and the files that a recipe is made for, are read as the recipe says.
        """
        path = Path(options.data)
        if options.data not in self.data and path.exists():
            photos = isinstance(self.options, PhotoOptions)
            if self.read_directory and (photos or path.is_dir()) and holds_images(str(path)):
                return self.read_directory(path, options)
            return load_arrays(path, options.seed, options.dtype)
        if options.data not in self.data and (path.suffix or len(path.parts) > 1):
            raise OptionError(f"--data: {path}: no such file or folder")
        try:
            load = lookup("data", options.data, self.data)
        except ValueError as error:
            kinds = "a folder, .csv, .yaml or .npz" if self.read_directory else "an .npz file"
            raise OptionError(f"--data: {error}, or a path that exists: {kinds}") from None
        return load(options)

    def resolve_paths(self, options: TrainingOptions, given: Collection[str]) -> TrainingOptions:
        """The options with absolute paths, so that the run can be resumed from anywhere.

        A place that the user names means that place, also where the recipe's own data have the same
        name.
        """
        path = Path(options.data)
        named = "data" in given and self.read_directory is not None
        if path.exists() and (named or options.data not in self.data):
            options = replace(options, data=str(path.resolve()))
        if isinstance(options, PhotoOptions):
            places = [p and str(Path(p).resolve()) for p in (options.negatives, options.add)]
            options = replace(options, negatives=places[0], add=places[1])
        return options

    def build_network(self, options: TrainingOptions, data: RecipeData) -> Sequential:
        """The network of ``--model``, built for the data.

        The weights come from the seed, so the same options make the same network.

        Raises OptionError for an unknown model, or one that the data are too small for.
        """
        try:
            made = lookup("model", options.model, self.models)
            network = made(options, data)
            rng = np.random.default_rng(options.seed)
            network.build(data.input_shape, rng, options.dtype)
            if made.prepare is not None:
                made.prepare(network, options)
        except OptionError:
            raise
        except ValueError as error:
            raise OptionError(f"--model: {error}") from None
        return network

    def create_loss(self, options: TrainingOptions, data: RecipeData) -> Loss:
        """Cross-entropy: of one class out of several, or of labels that are each there or not.

        Missed labels cost more if the options say so. Raises OptionError where they do, and
        samples have one class each: there, no label is missed alone.
        """
        if data.task == "multi_class":
            if options.miss_weight != 1:
                raise OptionError(
                    f"--miss-weight: samples of {data.description} have one of several classes "
                    "each; it is for yes or no, or for several labels"
                )
            return SoftmaxCrossEntropy()
        return BinaryCrossEntropy(pos_weight=options.miss_weight)

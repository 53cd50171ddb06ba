"""The networks of the recipes, made from options and data.

Each declares the options that it reads: others are refused on the command line, and stand in no
report.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from src.classic_cnn.architectures import lenet, photo_cnn, small_cnn, tiny_vgg_dishes
from src.classic_nn.layers import ACTIVATIONS, BatchNorm, Dense, Dropout, Flatten, Layer, Sequential
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.data.splits import RecipeData

NETWORK_OPTIONS = frozenset(
    {
        *("hidden", "filters", "activation", "initialization", "dropout"),
        *("backbone", "weights", "until", "freeze", "backbone_rate", "unfreeze", "cache_features"),
    }
)
"""Options that describe a network; which of them mean something, the network decides."""

Builder = Callable[[TrainingOptions, RecipeData], Sequential]


@dataclass(frozen=True)
class Network:
    """A network of a recipe.

    Attributes:
        builder: makes the network, not yet built, from options and data.
        reads: names of the ``NETWORK_OPTIONS`` that it uses.
        prepare: what is done to the network once it is built: pretrained weights, freezing.
        elsewhere: those of ``reads`` that the builder does not read, but ``prepare`` or training.
    """

    builder: Builder
    reads: frozenset[str]
    prepare: Callable[[Sequential, TrainingOptions], None] | None = None
    elsewhere: frozenset[str] = frozenset()

    def __call__(self, options: TrainingOptions, data: RecipeData) -> Sequential:
        """The network for these data."""
        allowed: Any = _DeclaredOptions(options, self.reads)
        return self.builder(allowed, data)


class _DeclaredOptions:
    """The options, without those that a network has not declared to read."""

    def __init__(self, options: TrainingOptions, reads: frozenset[str]) -> None:
        self._options = options
        self._reads = reads

    def __getattr__(self, name: str) -> Any:
        if name in NETWORK_OPTIONS - self._reads:
            raise AttributeError(f"the network does not declare that it reads --{name}")
        return getattr(self._options, name)


def reads(
    *names: str,
    prepare: Callable[[Sequential, TrainingOptions], None] | None = None,
    elsewhere: Collection[str] = (),
) -> Callable[[Builder], Network]:
    """Declare which options a network reads, and what is done to it once it is built."""
    return lambda builder: Network(
        builder, frozenset({*names, *elsewhere}), prepare, frozenset(elsewhere)
    )


@reads("hidden", "activation", "initialization", "dropout")
def multi_layer_perceptron(options: TrainingOptions, data: RecipeData) -> Sequential:
    """[Dense, activation, Dropout] for every hidden layer, then Dense."""
    return _perceptron(options, data, batch_norm=False)


@reads("hidden", "activation", "initialization", "dropout")
def batch_norm_perceptron(options: TrainingOptions, data: RecipeData) -> Sequential:
    """[Dense, BatchNorm, activation, Dropout] for every hidden layer, then Dense."""
    return _perceptron(options, data, batch_norm=True)


def _perceptron(options: TrainingOptions, data: RecipeData, batch_norm: bool) -> Sequential:
    layers: list[Layer] = [Flatten()] if len(data.input_shape) > 1 else []
    for width in options.hidden:
        layers.append(Dense(width, not batch_norm, options.initialization))
        layers += [BatchNorm()] if batch_norm else []
        layers.append(ACTIVATIONS[options.activation]())
        layers += [Dropout(options.dropout)] if options.dropout else []
    layers.append(Dense(data.outputs, initialization=options.initialization))
    return Sequential(layers)


@reads("dropout")
def lenet_network(options: TrainingOptions, data: RecipeData) -> Sequential:
    """LeNet, with the dropout of the options."""
    return lenet(data.outputs, options.dropout)


@reads("hidden", "dropout")
def scene_network(options: TrainingOptions, data: RecipeData) -> Sequential:
    """Two blocks of two convolutions: sees digits wherever they stand."""
    return small_cnn(data.outputs, ((32, 32), (64, 64)), options.hidden, options.dropout)


@reads("hidden", "dropout")
def sign_network(options: TrainingOptions, data: RecipeData) -> Sequential:
    """Three blocks of one convolution each."""
    return small_cnn(data.outputs, ((32,), (64,), (128,)), options.hidden, options.dropout)


@reads()
def dishes_network(options: TrainingOptions, data: RecipeData) -> Sequential:
    """The dish classifier's TinyVGG, which has its own dropout."""
    return tiny_vgg_dishes(data.outputs)


@reads("filters", "dropout")
def photo_network(options: TrainingOptions, data: RecipeData) -> Sequential:
    """Convolutions that end in the mean of each map: few parameters for few photos."""
    return photo_cnn(data.outputs, options.filters, options.dropout)

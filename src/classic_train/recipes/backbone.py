"""A pretrained network below a new head, as a network of a recipe; see ``backbone_choice``."""

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from src.classic_cnn import Conv2D
from src.classic_cnn.layers import Resize2D
from src.classic_nn.layers import ACTIVATIONS, Dense, Dropout, Layer, Sequential
from src.classic_nn.serialization import SavedModel
from src.classic_train.cli.backbone_options import BackboneOptions
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.cli.parsers import OptionError
from src.classic_train.data.photo_pipeline import BackboneOrigin
from src.classic_train.data.photos import PhotoData
from src.classic_train.data.splits import RecipeData
from src.classic_train.recipes.networks import reads
from src.common.lookup import lookup
from src.inference.pretrained import load_arrays, needed_arrays, new_layers, pretrained_network
from src.load.errors import UnreadableDataError
from src.load.transforms import Normalize, Resize, transform_from_config
from src.load.weights import LAYOUTS

FEW = 5000
"""Training photos below which all of the backbone stays frozen."""

VIEWS, VIEWS_OF_MANY = 4, 1
"""Augmented views of each photo whose features are kept, where the backbone is frozen: of few
photos, and of many, which take hours and differ enough."""

BACKBONE_RATE = BackboneOptions.backbone_rate
"""That of the options, unless another one is given."""

HEAD = "head"
"""Name of what is new in the network."""

POOL = "pool"
"""Name of the layer that makes features of the last maps: their means."""

BODY = "body"
"""What stands in ``--freeze`` for all stages but the last one with blocks."""

ENLARGE, COLOUR = "enlarge", "colour"
"""Names of the layers that make a backbone's input of small grey images."""

READS = ("backbone", "weights", "until", "freeze", "backbone_rate", "unfreeze", "cache_features")
ELSEWHERE = ("freeze", "backbone_rate", "unfreeze", "cache_features")
"""Settings of every backbone, and those of them that its builder does not read."""


def layout_and_file(name: str, weights: str) -> tuple[str | None, str]:
    """Both of "timm_tf:FILE"; of a file alone, no layout."""
    layout, colon, file = weights.partition(":")
    return (layout, file) if colon and layout in LAYOUTS[name] else (None, weights)


def settle_by_data(options: TrainingOptions, data: RecipeData) -> TrainingOptions:
    """The options, with what "auto" stands for by the number of training photos."""
    if not isinstance(options, BackboneOptions) or options.backbone == "none":
        return options
    frozen = options.freeze
    if frozen == "auto":
        few = len(data.targets("train")) < FEW or options.unfreeze
        frozen = "all" if few else BODY
    if frozen == BODY:
        frozen = _last_but_one(options)
    views = options.cache_features
    if views == "auto":
        kept = frozen == "all" and not options.unfreeze and isinstance(data, PhotoData)
        many = len(data.targets("train")) >= FEW
        views = 0 if not kept else VIEWS_OF_MANY if many else VIEWS
    if views and (frozen == "none" or options.unfreeze):
        raise OptionError(
            "--cache-features: features change where all layers of the backbone are trained, or "
            "more of them later; use it with --freeze all or a stage, and without --unfreeze"
        )
    if frozen == "all" and not options.unfreeze and options.backbone_rate != BACKBONE_RATE:
        raise OptionError(
            "--backbone-rate: nothing of the backbone is trained; freeze less of it with --freeze, "
            "or leave the option out"
        )
    return replace(options, freeze=frozen, cache_features=views)


def unused_settings(options: TrainingOptions) -> set[str]:
    """Settings of the backbone that decide nothing, as others are."""
    if not isinstance(options, BackboneOptions) or options.freeze == "auto":
        return set()
    if options.freeze == "none" or options.unfreeze:
        return {"cache_features"}
    return {"backbone_rate"} if options.freeze == "all" else set()


@lru_cache(maxsize=4)
def _origin(name: str, weights: str, until: str, pixels: int, folder: str) -> BackboneOrigin:
    layout, file = layout_and_file(name, weights)
    saved = pretrained_network(
        name, file, head=False, pixels=pixels, layout=layout, until=until or None
    )
    steps = transform_from_config(saved.preprocessing["transform"]).transforms
    numbers = [step for step in steps if not isinstance(step, Resize)]
    return BackboneOrigin(numbers, saved.data["weights"])


def backbone_origin(options: BackboneOptions) -> BackboneOrigin | None:
    """What is known of the backbone; None where there is none.

    Raises OptionError for weights that are missing or do not fit.
    """
    if options.backbone == "none":
        return None
    folder = os.environ.get("CLASSIC_NN_WEIGHTS", "")
    try:
        return _origin(options.backbone, options.weights, options.until, options.image_size, folder)
    except (UnreadableDataError, ValueError) as error:
        raise OptionError(f"--backbone {options.backbone}: {error}") from None


def backbone_features(options: Any) -> Sequential:
    """Stages and weights of the backbone that options name; the last one pools."""
    network = _saved(options).network
    assert isinstance(network, Sequential)
    return network


def _saved(options: Any) -> SavedModel:
    try:
        layout, file = layout_and_file(options.backbone, options.weights)
        return pretrained_network(
            options.backbone,
            file,
            head=False,
            pixels=options.image_size,
            layout=layout,
            until=options.until or None,
        )
    except (UnreadableDataError, ValueError) as error:
        raise OptionError(f"--backbone {options.backbone}: {error}") from None


def _last_but_one(options: BackboneOptions) -> str:
    """The stage before the last one with blocks: what comes after is fine-tuned."""
    stages = [
        layer.name
        for layer in backbone_features(options).layers
        if layer.parameters.vector.size and layer.name not in ("top", "bn")
    ]
    return stages[-2]


def prepare_backbone(network: Sequential, options: TrainingOptions) -> None:
    """Give the built network its weights, and freeze what stays as it is."""
    assert isinstance(options, BackboneOptions)
    saved = _saved(options)
    assert isinstance(saved.network, Sequential)
    load_arrays(network, needed_arrays(saved.network))
    below = [layer.name for layer in network.layers if layer.name != HEAD]
    if COLOUR in below:
        _load_normalization(network, saved)
        network[COLOUR].freeze()
    del saved
    not_stages = (HEAD, POOL, ENLARGE, COLOUR)
    stages = {layer.name: layer for layer in network.layers if layer.name not in not_stages}
    try:
        if options.freeze == "all":
            network.freeze(until=below[-1])
        elif options.freeze not in ("none", "auto"):
            lookup("--freeze: stage", options.freeze, stages)
            network.freeze(until=options.freeze)
        for name, epoch in unfreezing_plan(options).items():
            if lookup("--unfreeze: stage", name, stages).trainable:
                raise OptionError(f"--unfreeze: {name} is not frozen; see --freeze")
            if epoch > options.epochs:
                raise OptionError(f"--unfreeze: {name}@{epoch} is after the last epoch")
    except ValueError as error:
        raise OptionError(str(error)) from None


def unfreezing_plan(options: TrainingOptions) -> dict[str, int]:
    """From the name of a layer to the epoch from which on it is trained."""
    parts = [part.partition("@") for part in getattr(options, "unfreeze", "").split(",") if part]
    return {name: int(epoch) for name, _, epoch in parts}


def on_backbone(options: Any, head: Sequence[Layer], pooled: bool = True) -> Sequential:
    """The stages of the backbone of the options, and new layers on their features.

    Args:
        options: of the run.
        head: new layers.
        pooled: whether they take the means of the last maps, or the maps.
    """
    layers = new_layers(backbone_features(options))
    if not pooled:
        del layers[POOL]
    return Sequential({**layers, HEAD: Sequential(list(head))})


@reads(*READS, "hidden", "activation", "dropout", prepare=prepare_backbone, elsewhere=ELSEWHERE)
def backbone_network(options: TrainingOptions, data: RecipeData) -> Sequential:
    """The stages of a pretrained network, and a head: dropout, hidden layers, dense layer."""
    head: list[Layer] = [Dropout(options.dropout)] if options.dropout else []
    for width in options.hidden:
        head += [Dense(width), ACTIVATIONS[options.activation]()]
        head += [Dropout(options.dropout)] if options.dropout else []
    return on_backbone(options, [*head, Dense(data.outputs, initialization="lecun")])


@reads(*READS, "dropout", prepare=prepare_backbone, elsewhere=ELSEWHERE)
def grey_backbone_network(options: Any, data: RecipeData) -> Sequential:
    """The same for small grey images (height, width, 1) from 0 to 1: enlarged, and in colour.

    A convolution 1 x 1 without training makes the backbone's three normalized channels of one.
    """
    head: list[Layer] = [Dropout(options.dropout)] if options.dropout else []
    layers = new_layers(backbone_features(options))
    before = {ENLARGE: Resize2D(options.image_size), COLOUR: Conv2D(3, 1)}
    head.append(Dense(data.outputs, initialization="lecun"))
    return Sequential({**before, **layers, HEAD: Sequential(head)})


def _load_normalization(network: Sequential, saved: SavedModel) -> None:
    """Have the convolution ``colour`` do what the backbone's preprocessing does: (x - mean) / std.

    Channels in another order stay as they are: of grey images all are equal.
    """
    mean, std = np.zeros(3), np.ones(3)
    for step in transform_from_config(saved.preprocessing["transform"]).transforms:
        if isinstance(step, Normalize):
            mean, std = np.array(step.mean), np.array(step.std)
    parameters = network[COLOUR].parameters
    parameters["W"][...] = 1 / std
    parameters["b"][...] = -mean / std

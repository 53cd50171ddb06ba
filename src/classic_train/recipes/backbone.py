"""A pretrained network below a new head, as a network of the recipes on photos."""

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from src.classic_cnn.architectures import ARCHITECTURES
from src.classic_nn.layers import Dense, Dropout, Layer, ReLU, Sequential, layer_from_config
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.cli.parsers import OptionError
from src.classic_train.cli.photo_options import PhotoOptions
from src.classic_train.data.photo_pipeline import BackboneOrigin
from src.classic_train.data.splits import RecipeData
from src.classic_train.recipes.networks import reads
from src.common.lookup import lookup
from src.inference.pretrained import load_arrays, needed_arrays, pretrained_network
from src.load.errors import UnreadableDataError
from src.load.transforms import Resize, transform_from_config
from src.load.weights import local_weights

PREFERRED = ("efficientnet_lite2", "efficientnet_lite0", "mobilenet_v2", "resnet50", "resnet18")
"""Backbones that ``auto`` looks for, the first first: accurate for what they take to compute."""

FEW = 5000
"""Training photos below which all of the backbone stays frozen."""

VIEWS = 4
"""Augmented views of each photo whose features are kept, where the backbone is frozen."""

HEAD = "head"
"""Name of what is new in the network."""


def available_backbone() -> str:
    """The first of the preferred backbones whose weights are on this machine; else "none"."""
    for name in PREFERRED:
        try:
            local_weights(name)
        except UnreadableDataError:
            continue
        return name
    return "none"


def settle_backbone(given: Mapping[str, Any]) -> dict[str, Any]:
    """The given settings, with the backbone that "auto" stands for, and the size of its images."""
    settled = dict(given)
    wanted = settled.get("backbone", "none" if settled.get("model") == "cnn" else "auto")
    name = available_backbone() if wanted == "auto" else wanted
    if name == "none":
        settled.pop("backbone", None)
        settled.setdefault("model", "cnn")
        if wanted == "auto" and "model" not in given:
            print(
                "no pretrained weights on this machine (python -m src.load weights lists some): "
                "training from nothing"
            )
        return settled
    settled["backbone"] = name
    if settled.get("color") == "grey":
        raise OptionError("--color: pretrained weights take photos in colour; leave it out")
    weights = settled.get("weights", "imagenet")
    try:  # before any photo is read
        settled.setdefault("image_size", lookup("backbone", name, ARCHITECTURES).pixels)
        path = local_weights(name) if weights == "imagenet" else Path(weights)
        if not path.is_file():
            raise UnreadableDataError(f"--weights: {path}: no such file")
    except (UnreadableDataError, ValueError) as error:
        raise OptionError(f"--backbone: {error}") from None
    if weights != "imagenet":
        settled["weights"] = str(path.resolve())
    return settled


def settle_by_data(options: TrainingOptions, data: RecipeData) -> TrainingOptions:
    """The options, with what "auto" stands for by the number of training photos."""
    if not isinstance(options, PhotoOptions) or options.backbone == "none":
        return options
    frozen = options.freeze
    if frozen == "auto":
        few = len(data.targets("train")) < FEW and not options.unfreeze
        frozen = "all" if few else _last_but_one(options)
    views = options.cache_features
    if views == "auto":
        views = VIEWS if frozen == "all" and not options.unfreeze else 0
    if views and (frozen != "all" or options.unfreeze):
        raise OptionError(
            "--cache-features: features change where layers of the backbone are trained; use it "
            "with --freeze all and without --unfreeze, or give 0"
        )
    return replace(options, freeze=frozen, cache_features=views)


@lru_cache(maxsize=4)
def _origin(name: str, weights: str, pixels: int, folder: str) -> BackboneOrigin:
    saved = pretrained_network(name, weights, head=False, pixels=pixels)
    steps = transform_from_config(saved.preprocessing["transform"]).transforms
    numbers = [step for step in steps if not isinstance(step, Resize)]
    return BackboneOrigin(numbers, saved.data["weights"])


def backbone_origin(options: PhotoOptions) -> BackboneOrigin | None:
    """What is known of the backbone; None where there is none.

    Raises OptionError for weights that are missing or do not fit.
    """
    if options.backbone == "none":
        return None
    folder = os.environ.get("CLASSIC_NN_WEIGHTS", "")
    try:
        return _origin(options.backbone, options.weights, options.image_size, folder)
    except (UnreadableDataError, ValueError) as error:
        raise OptionError(f"--backbone {options.backbone}: {error}") from None


def _features(options: Any) -> Sequential:
    """Stages and weights of the backbone that options of photos name."""
    try:
        saved = pretrained_network(
            options.backbone, options.weights, head=False, pixels=options.image_size
        )
    except (UnreadableDataError, ValueError) as error:
        raise OptionError(f"--backbone {options.backbone}: {error}") from None
    network = saved.network
    assert isinstance(network, Sequential)
    return network


def _last_but_one(options: PhotoOptions) -> str:
    """The stage before the last two: what comes after is fine-tuned."""
    stages = [
        layer.name
        for layer in _features(options).layers
        if layer.parameters.vector.size and layer.name not in ("top", "bn")
    ]
    return stages[-2]


def _prepare(network: Sequential, options: TrainingOptions) -> None:
    """Give the built network its weights, and freeze what stays as it is."""
    assert isinstance(options, PhotoOptions)
    features = _features(options)
    load_arrays(network, needed_arrays(features))
    del features
    if options.freeze == "all":
        network.freeze(until="pool")
    elif options.freeze not in ("none", "auto"):
        try:
            network.freeze(until=options.freeze)
        except KeyError as error:
            raise OptionError(f"--freeze: {error.args[0]}") from None
    for name in unfreezing_plan(options):
        if name not in {layer.name for layer in network.layers}:
            known = ", ".join(layer.name for layer in network.layers)
            raise OptionError(f"--unfreeze: unknown layer {name!r}; there are: {known}")


def unfreezing_plan(options: TrainingOptions) -> dict[str, int]:
    """From the name of a layer to the epoch from which on it is trained."""
    parts = [part.partition("@") for part in getattr(options, "unfreeze", "").split(",") if part]
    return {name: int(epoch) for name, _, epoch in parts}


@reads(
    *("hidden", "dropout", "backbone", "weights", "freeze", "backbone_rate", "unfreeze"),
    "cache_features",
    prepare=_prepare,
)
def backbone_network(options: TrainingOptions, data: RecipeData) -> Sequential:
    """The stages of a pretrained network, and a head: dropout, hidden layers, dense layer."""
    features = layer_from_config(_features(options).config())
    assert isinstance(features, Sequential)
    layers: dict[str, Layer] = {layer.name: layer for layer in features.layers}
    del features  # and with it its claim to the layers
    head: list[Layer] = [Dropout(options.dropout)] if options.dropout else []
    for width in options.hidden:
        head += [Dense(width), ReLU()]
        head += [Dropout(options.dropout)] if options.dropout else []
    head.append(Dense(data.outputs, initialization="lecun"))
    return Sequential({**layers, HEAD: Sequential(head)})

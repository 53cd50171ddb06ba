"""A pretrained network below a new head, as a network of the recipes on photos."""

import contextlib
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from src.classic_cnn.architectures import ARCHITECTURES
from src.classic_nn.layers import Dense, Dropout, Layer, ReLU, Sequential
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.cli.parsers import OptionError
from src.classic_train.cli.photo_options import PhotoOptions
from src.classic_train.data.arrays import holds_images
from src.classic_train.data.photo_pipeline import BackboneOrigin
from src.classic_train.data.splits import RecipeData
from src.classic_train.recipes.networks import reads
from src.common.lookup import lookup
from src.inference.pretrained import load_arrays, needed_arrays, new_layers, pretrained_network
from src.load.errors import UnreadableDataError
from src.load.transforms import Resize, transform_from_config
from src.load.weights import LAYOUTS, MissingWeightsError, local_weights

PREFERRED = ("efficientnet_lite2", "efficientnet_lite0", "mobilenet_v2", "resnet50", "resnet18")
"""Backbones that ``auto`` looks for, the first first: accurate for what they take to compute."""

FEW = 5000
"""Training photos below which all of the backbone stays frozen."""

VIEWS = 4
"""Augmented views of each photo whose features are kept, where the backbone is frozen."""

BACKBONE_RATE = PhotoOptions.backbone_rate
"""That of the options, unless another one is given."""

HEAD = "head"
"""Name of what is new in the network."""


def available_backbone() -> str:
    """The first of the preferred backbones whose weights are on this machine; else "none"."""
    for name in PREFERRED:
        with contextlib.suppress(MissingWeightsError):
            local_weights(name)
            return name
    return "none"


def settle_backbone(given: Mapping[str, Any]) -> dict[str, Any]:
    """The given settings, with the backbone that "auto" stands for, and the size of its images."""
    settled = dict(given)
    wanted = settled.get("backbone", "none" if settled.get("model") == "cnn" else "auto")
    if "weights" in settled and wanted == "auto":
        raise OptionError("--weights: say of which network, as in --backbone resnet50")
    name = available_backbone() if wanted == "auto" else wanted
    if name == "none":
        settled.pop("backbone", None)
        settled.setdefault("model", "cnn")
        return settled
    settled["backbone"] = name
    if settled.get("color") == "grey":
        raise OptionError("--color: pretrained weights take photos in colour; leave it out")
    place = str(settled.get("data", ""))
    if Path(place).is_file() and not holds_images(place):
        raise OptionError(f"--data: {place} holds no images, and this recipe is for photos")
    weights = settled.get("weights", "imagenet")
    try:  # before any photo is read
        settled.setdefault("image_size", lookup("backbone", name, ARCHITECTURES).pixels)
        layout, place = layout_and_file(name, weights)
        path = local_weights(name) if weights == "imagenet" else Path(place)
        if not path.is_file():
            raise UnreadableDataError(f"--weights: {path}: no such file")
    except (UnreadableDataError, ValueError) as error:
        raise OptionError(f"--backbone: {error}") from None
    if weights != "imagenet":
        settled["weights"] = f"{layout}:{path.resolve()}" if layout else str(path.resolve())
    return settled


def layout_and_file(name: str, weights: str) -> tuple[str | None, str]:
    """Both of "timm_tf:FILE"; of a file alone, no layout."""
    layout, colon, file = weights.partition(":")
    return (layout, file) if colon and layout in LAYOUTS[name] else (None, weights)


def settle_by_data(options: TrainingOptions, data: RecipeData) -> TrainingOptions:
    """The options, with what "auto" stands for by the number of training photos."""
    if not isinstance(options, PhotoOptions) or options.backbone == "none":
        return options
    frozen = options.freeze
    if frozen == "auto":
        few = len(data.targets("train")) < FEW or options.unfreeze
        frozen = "all" if few else _last_but_one(options)
    views = options.cache_features
    if views == "auto":
        views = VIEWS if frozen == "all" and not options.unfreeze else 0
    if views and (frozen != "all" or options.unfreeze):
        raise OptionError(
            "--cache-features: features change where layers of the backbone are trained; use it "
            "with --freeze all and without --unfreeze, or give 0"
        )
    if frozen == "all" and not options.unfreeze and options.backbone_rate != BACKBONE_RATE:
        raise OptionError(
            "--backbone-rate: nothing of the backbone is trained; freeze less of it with --freeze, "
            "or leave the option out"
        )
    return replace(options, freeze=frozen, cache_features=views)


def note_without_backbone(options: TrainingOptions) -> str:
    """What to say where a network learns from nothing."""
    if options.model != "cnn":
        return ""
    return (
        "without a pretrained network, a small CNN learns from nothing (python -m src.load weights "
        "lists pretrained ones, and which are on this machine)"
    )


def unused_settings(options: TrainingOptions) -> set[str]:
    """Settings of the backbone that decide nothing, as others are."""
    if not isinstance(options, PhotoOptions) or options.freeze == "auto":
        return set()
    if options.freeze != "all":
        return {"cache_features"}
    return set() if options.unfreeze else {"backbone_rate"}


@lru_cache(maxsize=4)
def _origin(name: str, weights: str, pixels: int, folder: str) -> BackboneOrigin:
    layout, file = layout_and_file(name, weights)
    saved = pretrained_network(name, file, head=False, pixels=pixels, layout=layout)
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
        layout, file = layout_and_file(options.backbone, options.weights)
        saved = pretrained_network(
            options.backbone, file, head=False, pixels=options.image_size, layout=layout
        )
    except (UnreadableDataError, ValueError) as error:
        raise OptionError(f"--backbone {options.backbone}: {error}") from None
    network = saved.network
    assert isinstance(network, Sequential)
    return network


def _last_but_one(options: PhotoOptions) -> str:
    """The stage before the last one with blocks: what comes after is fine-tuned."""
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
    stages = {layer.name: layer for layer in network.layers if layer.name not in (HEAD, "pool")}
    try:
        if options.freeze == "all":
            network.freeze(until="pool")
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


@reads(
    *("hidden", "dropout", "backbone", "weights"),
    prepare=_prepare,
    elsewhere=("freeze", "backbone_rate", "unfreeze", "cache_features"),
)
def backbone_network(options: TrainingOptions, data: RecipeData) -> Sequential:
    """The stages of a pretrained network, and a head: dropout, hidden layers, dense layer."""
    layers = new_layers(_features(options))
    head: list[Layer] = [Dropout(options.dropout)] if options.dropout else []
    for width in options.hidden:
        head += [Dense(width), ReLU()]
        head += [Dropout(options.dropout)] if options.dropout else []
    head.append(Dense(data.outputs, initialization="lecun"))
    return Sequential({**layers, HEAD: Sequential(head)})

"""Models of a recipe that are heads on pretrained networks: which network, and its settings."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from src.classic_cnn.architectures import ARCHITECTURES
from src.classic_train.cli.options import TrainingOptions
from src.classic_train.cli.parsers import OptionError
from src.classic_train.data.arrays import holds_images
from src.classic_train.recipes.backbone import (
    backbone_network,
    layout_and_file,
    settle_by_data,
    unused_settings,
)
from src.classic_train.recipes.networks import Network
from src.classic_train.recipes.recipe import Recipe
from src.common.lookup import lookup
from src.load.errors import UnreadableDataError
from src.load.weights import MissingWeightsError, local_weights

PREFERRED = ("efficientnet_lite2", "efficientnet_lite0", "mobilenet_v2", "resnet50", "resnet18")
"""Backbones for any photos, the first first: accurate for what they take to compute."""

EFFICIENTNET = ("efficientnet_b2", "efficientnet_lite2", "efficientnet_lite0", "efficientnet_b0")
RESNET50 = ("resnet50", "resnet50_v1")
VGG16 = ("vgg16", "vgg16_bn")
INCEPTION_V3 = ("inception_v3",)

DENSE_HEAD = {
    "learning_rate": 0.001,
    "hidden": (),
    "dropout": 0.2,
    "epochs": 30,
    "workers": "auto",
}
"""Settings of a dense layer on a pretrained network."""

FINE_TUNED = {**DENSE_HEAD, "freeze": "body", "cache_features": 4, "epochs": 16}
"""The same where the last stage of the network learns too, on what the others make of 4 views."""

FIRST_VERSIONS = {f"resnet{depth}": f"resnet{depth}_v1" for depth in (50, 101)}
"""The same network in its first version (He et al. 2015: the stride one convolution earlier)."""


@dataclass(frozen=True)
class PretrainedModel:
    """A model that is a head on a pretrained network.

    Attributes:
        backbones: networks that it may stand on; the first of which there are weights is taken.
        network: of the recipe.
        settings: defaults that differ from those of the recipe. Without an ``image_size``, photos
            are as large as the backbone was published for.
    """

    backbones: Sequence[str]
    network: Network = backbone_network
    settings: Mapping[str, Any] | None = None


def with_pretrained_models(
    recipe: Recipe, models: Mapping[str, PretrainedModel], instead: str = ""
) -> Recipe:
    """A recipe with such models.

    Args:
        recipe: whose pipeline knows of the backbone.
        models: by the names that ``--model`` takes; the first is that of a lone ``--backbone``.
        instead: model that is trained where nobody asks for another and no weights are here.
    """
    return replace(
        recipe,
        models={**recipe.models, **{name: model.network for name, model in models.items()}},
        model_options={
            **recipe.model_options,
            **{name: dict(model.settings or {}) for name, model in models.items()},
        },
        settle=partial(settle_backbone, default=recipe.options.model, models=models, other=instead),
        settle_by_data=settle_by_data,
        unused=unused_settings,
        note=partial(note_on_backbone, models=models, other=instead),
    )


def settle_backbone(
    given: Mapping[str, Any], default: str, models: Mapping[str, PretrainedModel], other: str
) -> dict[str, Any]:
    """The given settings, with model, backbone and size of its images.

    Args:
        given: on the command line.
        default: model of the recipe.
        models, other: see ``with_pretrained_models``.

    Raises OptionError for weights that are missing, or settings that no backbone takes.
    """
    settled = dict(given)
    wanted = settled.get("backbone", "auto")
    alone = "model" not in settled
    if alone and wanted == "none":
        settled["model"] = other or default
    elif alone and "backbone" in settled and default not in models:
        settled["model"] = next(iter(models))
    name = settled.get("model", default)
    if name not in models:
        if settled.get("backbone") in ("none", "auto"):
            del settled["backbone"]
        return settled
    if wanted == "none":
        raise OptionError(f"--backbone: the model {name} stands on a pretrained network")
    if "weights" in settled and wanted == "auto":
        raise OptionError("--weights: say of which network, as in --backbone resnet50")
    backbone = first_available(models[name].backbones) if wanted == "auto" else wanted
    if not backbone and alone and other:
        settled.pop("backbone", None)
        return settled | {"model": other}
    backbone = backbone or models[name].backbones[0]
    if "weights" not in settled and not first_available([backbone]):
        backbone = first_available([FIRST_VERSIONS.get(backbone, backbone)]) or backbone
    settled |= {"model": name, "backbone": backbone}
    kept = "cache_features" in (models[name].settings or {})
    if kept and (settled.get("freeze") == "none" or settled.get("unfreeze")):
        settled.setdefault("cache_features", "auto")  # the model's own number fits no longer
    if settled.get("color") == "grey":
        raise OptionError("--color: pretrained weights take photos in colour; leave it out")
    place = str(settled.get("data", ""))
    if Path(place).is_file() and not holds_images(place):
        raise OptionError(f"--data: {place} holds no images, and this model is for photos")
    weights = settled.get("weights", "imagenet")
    try:  # before any photo is read
        pixels = lookup("backbone", backbone, ARCHITECTURES).pixels
        if "image_size" not in (models[name].settings or {}):
            settled.setdefault("image_size", pixels)
        layout, place = layout_and_file(backbone, weights)
        path = local_weights(backbone) if weights == "imagenet" else Path(place)
        if not path.is_file():
            raise UnreadableDataError(f"--weights: {path}: no such file")
    except (UnreadableDataError, ValueError) as error:
        raise OptionError(f"--backbone: {error}") from None
    if weights != "imagenet":
        settled["weights"] = f"{layout}:{path.resolve()}" if layout else str(path.resolve())
    return settled


def first_available(backbones: Sequence[str]) -> str:
    """The first of several networks whose weights are on this machine; empty for none of them."""
    for name in backbones:
        with contextlib.suppress(MissingWeightsError):
            local_weights(name)
            return name
    return ""


def note_on_backbone(
    options: TrainingOptions, models: Mapping[str, PretrainedModel], other: str
) -> str:
    """What to say of a network that learns from nothing, or stands on what is here."""
    if options.model == other:
        return (
            "without a pretrained network, a small CNN learns from nothing (python -m src.load "
            "weights lists pretrained ones, and which are on this machine)"
        )
    backbone = getattr(options, "backbone", "none")
    backbones = list(models[options.model].backbones) if options.model in models else []
    any_of_them = backbones == list(PREFERRED)
    if any_of_them or backbone not in backbones[1:] or first_available(backbones[:1]):
        return ""
    return (
        f"the backbone is {backbone}: there are no weights of {backbones[0]} here (python -m "
        f"src.load weights {backbones[0]} fetches them)"
    )

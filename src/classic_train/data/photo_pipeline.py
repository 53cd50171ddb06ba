"""What a recipe does to photos: the part that differs from recipe to recipe."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from src.classic_train.cli.photo_options import PhotoOptions
from src.load import Fingerprints, ImageDataset
from src.load.transforms import Compose, Transform


@dataclass(frozen=True)
class BackboneOrigin:
    """What is known of a pretrained network.

    Attributes:
        numbers: from a resized photo to its input.
        source: where its weights are from.
    """

    numbers: Sequence[Transform]
    source: Mapping[str, Any]


@dataclass(frozen=True)
class PhotoPipeline:
    """What a recipe does to photos.

    Attributes:
        task: "binary" for two classes and one output, "multi_class", or "multi_label".
        eval_transforms: from options to what is done to a photo: Pillow transforms that give every
            photo one size.
        train_transforms: from options to the same with random changes; what is fixed comes first,
            and is cached.
        normalize: whether mean and standard deviation of the training photos are taken out, per
            channel; else pixels are in [0, 1].
        resplit: whether all photos are divided anew; else splits that they came in are completed.
        validation_from: see ``complete_splits``.
        read: settings of ``read_data`` that the options of this recipe decide.
        backbone: from options to what is known of the pretrained network that photos go through;
            None for a network that learns from nothing.
        learned_from: from options and divided photos to random transforms that are made of training
            photos; they come before the other random ones.
        gather: reads the photos, where one place does not hold them all; the last argument are
            transforms whose results are cached while a photo is decoded.
    """

    task: Literal["binary", "multi_class", "multi_label"]
    eval_transforms: Callable[[PhotoOptions], list[Transform]]
    train_transforms: Callable[[PhotoOptions], list[Transform]]
    normalize: bool = False
    resplit: bool = False
    validation_from: Literal["train", "test"] = "train"
    read: Callable[[PhotoOptions], dict[str, Any]] = field(default=lambda options: {})
    backbone: Callable[[PhotoOptions], BackboneOrigin | None] = field(default=lambda options: None)
    learned_from: Callable[[PhotoOptions, ImageDataset], list[Transform]] = field(
        default=lambda options, photos: []
    )
    gather: (
        Callable[[Path, PhotoOptions, Sequence[Compose]], tuple[ImageDataset, Fingerprints]] | None
    ) = None

    def reading(self, options: PhotoOptions) -> dict[str, Any]:
        """How the photos are read: arguments of ``read_data``."""
        return {
            **self.read(options),
            "label_column": options.label_column or None,
            "label_separator": options.label_separator or None,
            "white": int(options.white) if options.white.isdecimal() else options.white or None,
        }

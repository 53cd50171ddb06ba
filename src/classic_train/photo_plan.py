"""What a recipe makes of photos: the part that differs from recipe to recipe."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from src.classic_train.photo_options import PhotoOptions
from src.load import Content, ImageDataset
from src.load.transforms import Transform


@dataclass(frozen=True)
class PhotoPlan:
    """What a recipe makes of photos.

    Attributes:
        task: "binary" for two classes and one output, "multi_class", or "multi_label".
        evaluation: from options to what is done to a photo: Pillow transforms that give every
            photo one size.
        training: from options to the same with random changes; what is fixed comes first, and is
            kept in memory.
        normalize: whether mean and standard deviation of the training photos are taken out, in
            each channel; else pixels are in [0, 1].
        divide: "given" keeps splits that the photos came in, and completes them; "anew" divides
            all photos, whatever splits they came in.
        validation_from: see ``complete_splits``.
        read: settings of ``load_with_content`` that the options decide.
        gather: reads the photos, where one place does not hold them all.
    """

    task: Literal["binary", "multi_class", "multi_label"]
    evaluation: Callable[[PhotoOptions], list[Transform]]
    training: Callable[[PhotoOptions], list[Transform]]
    normalize: bool = False
    divide: Literal["given", "anew"] = "given"
    validation_from: Literal["train", "test"] = "train"
    read: Callable[[PhotoOptions], dict[str, Any]] = field(default=lambda options: {})
    gather: Callable[[Path, PhotoOptions], tuple[ImageDataset, Content]] | None = None

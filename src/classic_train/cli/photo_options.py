"""Settings that only recipes on photos have."""

from dataclasses import dataclass

from src.classic_train.cli.options import TrainingOptions, option
from src.classic_train.cli.parsers import one_of, unfreezing, whole_number_or_auto
from src.common.cli import number, whole_number
from src.load.listed.cells import SEPARATORS
from src.load.reading_options import white_level


@dataclass(frozen=True)
class PhotoOptions(TrainingOptions):
    """``TrainingOptions``, and what concerns photos."""

    image_size: int = option(
        64, "height and width that photos are given", whole_number(8), "PIXELS"
    )
    color: str = option(
        "rgb",
        "rgb, or grey: 0.2989 R + 0.5870 G + 0.1140 B",
        one_of("color", ["rgb", "grey"]),
        "NAME",
    )
    samples: str = option(
        "objects",
        "of YOLO data sets: objects, each cut out by its box, or photos, whole",
        one_of("samples", ["objects", "photos"]),
        "WHAT",
    )
    labels: str = option(
        "both",
        "of Grocery Store lists: fine or coarse classes, or both as labels",
        one_of("labels", ["both", "fine", "coarse"]),
        "WHICH",
    )
    label_column: str = option(
        "", "of a CSV file: the column of labels, where its name does not say so", str, "NAME"
    )
    label_separator: str = option(
        "",
        "of a CSV file: what is between several labels in a cell: comma, semicolon, pipe, space",
        one_of("label_separator", SEPARATORS),
        "NAME",
    )
    white: str = option(
        "",
        "of images of 16 bits: the level that becomes white, or set for the highest of all; by "
        "default 4,095 or 65,535, as each image needs it",
        white_level,
        "LEVEL",
    )
    on_error: str = option(
        "skip",
        "at what cannot be used: skip leaves it out and says so, fail stops",
        one_of("on_error", ["skip", "fail"]),
        "WHAT",
    )
    negatives: str = option(
        "", "a folder of any other photos, all of which count as the first class, other", str, "DIR"
    )
    specificity: float = option(
        0.0,
        "two classes: fraction of the first one's validation photos that the threshold must get "
        "right; 0 for a threshold of one half",
        number(0, below=1),
        "FRACTION",
    )
    backbone: str = option(
        "none",
        "pretrained network below the head: a name of an architecture whose weights are here, auto "
        "for the best of these, or none",
        str,
        "NAME",
    )
    weights: str = option(
        "imagenet",
        "of the backbone: imagenet, those that were fetched, or a file, or LAYOUT:FILE",
        str,
        "FILE",
    )
    freeze: str = option(
        "auto",
        "what of the backbone is not trained: all, none, or all up to a stage such as layer3; auto "
        "decides by the number of photos",
        str,
        "STAGE",
    )
    backbone_rate: float = option(
        0.1,
        "what the learning rate is multiplied by for the backbone's layers",
        number(0, exclusive=True),
        "FACTOR",
    )
    unfreeze: str = option(
        "", "layers to be trained from an epoch on, as layer4@5,layer3@8", unfreezing, "PLAN"
    )
    cache_features: int | str = option(
        "auto",
        "augmented views of each photo whose features are computed once, where the whole backbone "
        "is frozen; 0 computes them anew in every epoch",
        whole_number_or_auto(0),
        "VIEWS",
    )
    split_seed: int = option(
        0,
        "of dividing the photos; every --seed is evaluated on the same ones",
        whole_number(0),
        "N",
    )
    loader_threads: int = option(
        1, "threads that make mini-batches ready; one keeps up as a rule", whole_number(1), "N"
    )

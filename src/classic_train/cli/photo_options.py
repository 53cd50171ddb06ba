"""Settings that only recipes on photos have."""

from dataclasses import dataclass

from src.classic_train.cli.backbone_options import BackboneOptions
from src.classic_train.cli.options import option
from src.classic_train.cli.parsers import one_of
from src.common.cli import number, whole_number
from src.load.listed.cells import SEPARATORS
from src.load.reading_options import white_level


@dataclass(frozen=True)
class PhotoOptions(BackboneOptions):
    """``BackboneOptions``, and what concerns photos."""

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
    backgrounds: float = option(
        0.0,
        "probability that a training photo gets another background: a subject on a plain one is "
        "put into a scene, a part of any other photo into a subject's place",
        number(0, 1),
        "P",
    )
    add: str = option(
        "",
        "review.csv of mined photos (python -m src.inference mine): those with a label are added "
        "to the training photos",
        str,
        "FILE",
    )
    calibrate: str = option(
        "temperature",
        "probabilities: temperature divides the network's outputs by a number that is fitted on "
        "the validation photos, none leaves them as they are",
        one_of("calibrate", ["temperature", "none"]),
        "HOW",
    )
    wrong_accepts: float = option(
        0.0,
        "largest fraction of wrong answers on the validation photos: less certain ones become "
        '"retake"; 0 to answer always',
        number(0, below=1),
        "FRACTION",
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

"""Settings of recipes whose models may stand on a pretrained network."""

from dataclasses import dataclass

from src.classic_train.cli.options import TrainingOptions, option
from src.classic_train.cli.parsers import unfreezing, whole_number_or_auto
from src.common.cli import number, whole_number


@dataclass(frozen=True)
class BackboneOptions(TrainingOptions):
    """``TrainingOptions``, and what concerns the size of images and a pretrained network."""

    image_size: int = option(
        64, "height and width that photos are given", whole_number(8), "PIXELS"
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
    until: str = option(
        "",
        "last stage of the backbone that is used, as stage6, for a file that has no more; all of "
        "it by default",
        str,
        "STAGE",
    )
    freeze: str = option(
        "auto",
        "what of the backbone is not trained: all, none, body (all but its last stage), or all up "
        "to a stage such as layer3; auto takes all or body, by the number of photos",
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
        "augmented views of each photo of which the frozen part of the backbone is computed once; "
        "0 computes it anew in every epoch, as auto does unless all of it is frozen",
        whole_number_or_auto(0),
        "VIEWS",
    )

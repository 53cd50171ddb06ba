"""The three heads of the plant classifier, on the features or the maps of a backbone.

The first two take the means of the last maps, the third one the maps: it sees where things are.
"""

from typing import Any

from src.classic_cnn import Conv2D, MaxPool2D
from src.classic_nn.layers import ACTIVATIONS, BatchNorm, Dense, Dropout, Flatten, Layer, Sequential
from src.classic_train.data.splits import RecipeData
from src.classic_train.recipes.backbone import ELSEWHERE, READS, on_backbone, prepare_backbone
from src.classic_train.recipes.networks import reads

OWN = ("hidden", "activation", "dropout")
"""Settings that the heads read besides those of the backbone."""


@reads(*READS, *OWN, prepare=prepare_backbone, elsewhere=ELSEWHERE)
def dense_head(options: Any, data: RecipeData) -> Sequential:
    """Versions 1 and 2: [Dense, BatchNorm, ReLU, Dropout] for every hidden layer, then Dense."""
    return on_backbone(options, [*_dense(options), Dense(data.outputs)])


@reads(*READS, *OWN, "filters", prepare=prepare_backbone, elsewhere=ELSEWHERE)
def maps_head(options: Any, data: RecipeData) -> Sequential:
    """Version 3: convolutions on the maps, each with max pooling, then dense layers."""
    head: list[Layer] = []
    for count in options.filters:
        head += [Conv2D(count, bias=False), BatchNorm(), ACTIVATIONS[options.activation]()]
        head.append(MaxPool2D())
    head += [Flatten(), *_dense(options), Dense(data.outputs)]
    return on_backbone(options, head, pooled=False)


def _dense(options: Any) -> list[Layer]:
    layers: list[Layer] = []
    for width in options.hidden:
        layers += [Dense(width, bias=False), BatchNorm(), ACTIVATIONS[options.activation]()]
        layers += [Dropout(options.dropout)] if options.dropout else []
    return layers

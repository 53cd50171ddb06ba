"""Names of VGG's weights in torchvision and Keras."""

from collections.abc import Mapping, Sequence
from functools import partial

from src.load.weights.layout import KERAS, TORCH, Layout, Names, Rule, by_rules, paths_of

KERAS_RULES: list[Rule] = [
    (r"(block\d)\.(conv\d)", r"\1_\2"),
    (r"head\.(fc[12])", r"\1"),
    (r"head\.fc3", "predictions"),
]


TORCHVISION_HEAD = {"fc1": "classifier.0", "fc2": "classifier.3", "fc3": "classifier.6"}
TIMM_HEAD = {"fc1": "pre_logits.fc1", "fc2": "pre_logits.fc2", "fc3": "head.fc"}


def _torch(ours: Sequence[str], head: Mapping[str, str]) -> Names:
    """All layers of the blocks are counted: convolution, (normalization,) ReLU, pooling."""
    numbers, number = {}, 0
    paths = [path.split(".") for path in paths_of(ours) if path.startswith("block")]
    for k, (block, layer) in enumerate(paths):
        numbers[f"{block}.{layer}"] = number
        following = paths[k + 1] if k + 1 < len(paths) else None
        number += 1 if following and following[1].startswith("bn") else 2  # and its ReLU
        number += 1 if following and following[0] != block else 0  # and the pooling
    rules: list[Rule] = [
        (r"block\d\.\w+", lambda m: f"features.{numbers[m[0]]}"),
        *((rf"head\.{layer}", name) for layer, name in head.items()),
    ]
    return by_rules(ours, rules, TORCH)


def _keras(ours: Sequence[str]) -> Names:
    return by_rules(ours, KERAS_RULES, KERAS)


VGG = {
    "torchvision": Layout(
        partial(_torch, head=TORCHVISION_HEAD), "oihw", maps={"head.fc1": (512, 7, 7)}
    ),
    "timm": Layout(partial(_torch, head=TIMM_HEAD), "oihw"),
    "keras": Layout(_keras, "hwio", preprocessing="caffe"),
}

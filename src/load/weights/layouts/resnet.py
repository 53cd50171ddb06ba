"""Names of ResNet's weights in torchvision and Keras."""

from collections.abc import Sequence
from re import Match

from src.load.weights.layout import KERAS, TORCH, Layout, Names, Rule, by_rules

TORCHVISION: list[Rule] = [
    (r"conv1|bn1", r"\g<0>"),
    (r"(layer\d\.\d+)\.sum\.body\.(\w+)", r"\1.\2"),
    (r"(layer\d\.\d+)\.sum\.shortcut\.conv", r"\1.downsample.0"),
    (r"(layer\d\.\d+)\.sum\.shortcut\.bn", r"\1.downsample.1"),
    (r"head", "fc"),
]


def _block(match: Match[str]) -> str:
    """conv2_block1 for layer1.0: Keras counts conv1 as a stage, and blocks from 1."""
    return f"conv{int(match['stage']) + 1}_block{int(match['block']) + 1}"


BLOCK = r"layer(?P<stage>\d)\.(?P<block>\d+)\.sum\."

KERAS_V1: list[Rule] = [
    (r"conv1", "conv1_conv"),
    (r"bn1", "conv1_bn"),
    (BLOCK + r"body\.(?P<kind>conv|bn)(?P<number>\d)", lambda m: f"{_block(m)}_{m[4]}_{m[3]}"),
    (BLOCK + r"shortcut\.(conv|bn)", lambda m: f"{_block(m)}_0_{m[3]}"),
    (r"head", "predictions"),
]

KERAS_V2: list[Rule] = [
    (r"conv1", "conv1_conv"),
    (r"bn", "post_bn"),
    (BLOCK.replace(r"\.sum\.", r"\.") + r"(?:sum\.body\.)?bn0", lambda m: f"{_block(m)}_preact_bn"),
    (BLOCK + r"shortcut", lambda m: f"{_block(m)}_0_conv"),
    *KERAS_V1[2:],
]


def _torchvision(ours: Sequence[str]) -> Names:
    return by_rules(ours, TORCHVISION, TORCH)


def _keras_v1(ours: Sequence[str]) -> Names:
    return by_rules(ours, KERAS_V1, KERAS)


def _keras_v2(ours: Sequence[str]) -> Names:
    return by_rules(ours, KERAS_V2, KERAS)


RESNET = {
    "torchvision": Layout(_torchvision, "oihw"),
    "keras": Layout(
        _keras_v1,
        "hwio",
        {"version": "v1", "conv_bias": True, "epsilon": 1.001e-5},
        preprocessing="caffe",
    ),
}

RESNET_V2 = {
    "keras": Layout(_keras_v2, "hwio", {"epsilon": 1.001e-5}, preprocessing="tf"),
}

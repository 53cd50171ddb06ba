"""Names of InceptionV3's weights in torchvision and Keras."""

from collections.abc import Sequence
from re import Match

from src.load.weights.layout import KERAS, TORCH, Layout, Names, Rule, by_rules, paths_of

STAGES = {
    **{"conv1": "Conv2d_1a_3x3", "conv2": "Conv2d_2a_3x3", "conv3": "Conv2d_2b_3x3"},
    **{"conv4": "Conv2d_3b_1x1", "conv5": "Conv2d_4a_3x3"},
    **{f"mixed{k}": f"Mixed_5{letter}" for k, letter in enumerate("bcd")},
    **{f"mixed{k}": f"Mixed_6{letter}" for k, letter in enumerate("abcde", start=3)},
    **{f"mixed{k}": f"Mixed_7{letter}" for k, letter in enumerate("abc", start=8)},
}
"""torchvision's names of the stages."""

CONVOLUTIONS = {
    **{"1x1.conv1": "branch1x1", "pool.conv1": "branch_pool"},
    **{f"5x5.conv{k}": f"branch5x5_{k}" for k in (1, 2)},
    **{f"3x3_twice.conv{k}": f"branch3x3dbl_{k}" for k in (1, 2, 3)},
    **{f"7x7.conv{k}": f"branch7x7_{k}" for k in (1, 2, 3)},
    **{f"7x7_twice.conv{k}": f"branch7x7dbl_{k}" for k in (1, 2, 3, 4, 5)},
    **{f"7x7_3x3.conv{k}": f"branch7x7x3_{k}" for k in (1, 2, 3, 4)},
    **{"3x3.before.conv1": "branch3x3_1", "3x3.split.1x3": "branch3x3_2a"},
    **{"3x3.split.3x1": "branch3x3_2b", "3x3_twice.before.conv1": "branch3x3dbl_1"},
    **{"3x3_twice.before.conv2": "branch3x3dbl_2", "3x3_twice.split.1x3": "branch3x3dbl_3a"},
    "3x3_twice.split.3x1": "branch3x3dbl_3b",
}
"""torchvision's names of the convolutions in them."""


def _torchvision_conv(match: Match[str]) -> str:
    stage, conv = match["stage"], match["conv"]
    if stage in ("mixed0", "mixed1", "mixed2") and conv.startswith("3x3."):
        conv = conv.replace("3x3.", "3x3_twice.")
    name = CONVOLUTIONS.get(conv, f"branch3x3_{conv[-1]}")
    if stage == "mixed3" and conv == "3x3.conv1":
        name = "branch3x3"
    return f"{STAGES[stage]}.{name}.{match['part']}"


def _torchvision(ours: Sequence[str]) -> Names:
    rules: list[Rule] = [
        (r"(conv\d)\.(conv|bn)", lambda m: f"{STAGES[m[1]]}.{m[2]}"),
        (r"(?P<stage>mixed\d+)\.(?P<conv>.+)\.(?P<part>conv|bn)", _torchvision_conv),
        (r"head", "fc"),
    ]
    return by_rules(ours, rules, TORCH)


def _keras(ours: Sequence[str]) -> Names:
    """Keras counts all convolutions in the order in which they are made, from 1."""
    convolutions = [path for path in paths_of(ours) if path.endswith(".conv")]
    numbers = {path.removesuffix(".conv"): k for k, path in enumerate(convolutions, start=1)}
    rules: list[Rule] = [
        (r"(.+)\.conv", lambda m: f"conv2d_{numbers[m[1]]}"),
        (r"(.+)\.bn", lambda m: f"batch_normalization_{numbers[m[1]]}"),
        (r"head", "predictions"),
    ]
    return by_rules(ours, rules, KERAS)


INCEPTION_V3 = {
    "torchvision": Layout(_torchvision, "oihw"),
    "keras": Layout(
        _keras, "hwio", {"count_padding": False}, preprocessing="tf", without=("gamma",)
    ),
}

"""Names of EfficientNet's weights in torchvision, Keras, timm and efficientnet_pytorch.

timm has weights of its own ("timm"), and some that TensorFlow trained ("timm_tf", its names begin
with tf_): the names of their arrays are the same, padding and epsilon are not.
"""

import string
from collections.abc import Callable, Mapping, Sequence
from re import Match

from src.load.weights.layout import (
    KERAS,
    TORCH,
    Layout,
    Names,
    Rule,
    by_rules,
    expanded_blocks,
    numbered,
    paths_of,
)

BLOCK = (
    r"(?P<block>stage(?P<stage>\d)\.(?P<k>\d+))\.(?:body\.)?"
    r"(?P<layer>\w+)(?:\.excitation\.(?P<se>\w+))?"
)
"""A layer of a block; of squeeze and excitation, "se" and which of its two."""


def _layer(match: Match[str]) -> str:
    """What a layer does in its block: "expand", "depthwise_bn", "se_reduce", ..."""
    return f"se_{match['se']}" if match["se"] else match["layer"]


def _torchvision(ours: Sequence[str]) -> Names:
    expanded = expanded_blocks(ours)

    def block(match: Match[str]) -> str:
        first = int(match["block"] in expanded)
        place = {
            **{"expand": "0.0", "expand_bn": "0.1"},
            **{"depthwise": f"{first}.0", "depthwise_bn": f"{first}.1"},
            **{"se_reduce": f"{first + 1}.fc1", "se_expand": f"{first + 1}.fc2"},
            **{"project": f"{first + 2}.0", "project_bn": f"{first + 2}.1"},
        }[_layer(match)]
        return f"features.{match['stage']}.{match['k']}.block.{place}"

    rules: list[Rule] = [
        *((r"stem\.conv", "features.0.0"), (r"stem\.bn", "features.0.1"), (BLOCK, block)),
        *((r"top\.conv", "features.8.0"), (r"top\.bn", "features.8.1"), (r"head", "classifier.1")),
    ]
    return by_rules(ours, rules, TORCH)


def _keras(ours: Sequence[str]) -> Names:
    kinds = {"depthwise": "dwconv", "depthwise_bn": "bn"}
    kinds |= {"expand": "expand_conv", "project": "project_conv"}

    def block(match: Match[str]) -> str:
        letter = string.ascii_lowercase[int(match["k"])]
        return f"block{match['stage']}{letter}_{kinds.get(_layer(match), _layer(match))}"

    rules: list[Rule] = [
        *((r"stem\.(conv|bn)", r"stem_\1"), (BLOCK, block), (r"top\.(conv|bn)", r"top_\1")),
        (r"head", "predictions"),
    ]
    return by_rules(ours, rules, KERAS)


def _timm(ours: Sequence[str]) -> Names:
    expanded = expanded_blocks(ours)

    def block(match: Match[str]) -> str:
        """The first stage's blocks have no expansion, and count from their depthwise layer."""
        wide = match["block"] in expanded
        kinds = {
            **{"expand": "conv_pw", "expand_bn": "bn1", "depthwise": "conv_dw"},
            **{"depthwise_bn": "bn2" if wide else "bn1", "project_bn": "bn3" if wide else "bn2"},
            **{"project": "conv_pwl" if wide else "conv_pw"},
            **{"se_reduce": "se.conv_reduce", "se_expand": "se.conv_expand"},
        }
        return f"blocks.{int(match['stage']) - 1}.{match['k']}.{kinds[_layer(match)]}"

    rules: list[Rule] = [
        *((r"stem\.conv", "conv_stem"), (r"stem\.bn", "bn1"), (BLOCK, block)),
        *((r"top\.conv", "conv_head"), (r"top\.bn", "bn2"), (r"head", "classifier")),
    ]
    return by_rules(ours, rules, TORCH)


def _flat(
    kinds: Mapping[str, str], start: str, rest: Sequence[Rule], ends: Mapping[str, str]
) -> Callable[[Sequence[str]], Names]:
    """Layouts that count the blocks of all stages together."""

    def names(ours: Sequence[str]) -> Names:
        numbers = numbered(paths_of(ours), r"(stage\d\.\d+)\.")

        def block(match: Match[str]) -> str:
            return start.format(numbers[match["block"]]) + kinds[_layer(match)]

        return by_rules(ours, [*rest, (BLOCK, block)], ends)

    return names


COMMON = {
    **{"expand_bn": "_bn0", "depthwise_bn": "_bn1", "project_bn": "_bn2"},
    **{"project": "_project_conv", "expand": "_expand_conv"},
    **{"se_reduce": "_se_reduce", "se_expand": "_se_expand"},
}

_efficientnet_pytorch = _flat(
    {**COMMON, "depthwise": "_depthwise_conv"},
    "_blocks.{}.",
    [
        *((r"stem\.conv", "_conv_stem"), (r"stem\.bn", "_bn0")),
        *((r"top\.conv", "_conv_head"), (r"top\.bn", "_bn1"), (r"head", "_fc")),
    ],
    TORCH,
)

_cudnn = _flat(
    {**COMMON, "depthwise": "_depthwise"},
    "blocks_block{}",
    [
        *((r"stem\.conv", "stem_conv1"), (r"stem\.bn", "stem_bn1")),
        *((r"top\.conv", "head_conv2"), (r"top\.bn", "head_bn2"), (r"head", "head_fc")),
    ],
    {kind: end.replace(".", "_") for kind, end in TORCH.items()},
)

SAME_TF = {"padding": "same_tf"}

ANY_SIZE = {
    "keras": Layout(_keras, "hwio", SAME_TF),
    "timm": Layout(_timm, "oihw", {"epsilon": 1e-5}),
    "timm_tf": Layout(_timm, "oihw", SAME_TF),
    "efficientnet_pytorch": Layout(_efficientnet_pytorch, "oihw", SAME_TF),
    "effinet_cudnn": Layout(_cudnn, "oihw", SAME_TF),
}


def efficientnet_layouts(number: int) -> dict[str, Layout]:
    """Those of B0 to B7: torchvision's larger ones have another epsilon than its smaller ones."""
    epsilon = 1e-5 if number < 5 else 1e-3
    return {"torchvision": Layout(_torchvision, "oihw", {"epsilon": epsilon}), **ANY_SIZE}


EFFICIENTNET_LITE = {
    "efficientnet_pytorch": Layout(
        _efficientnet_pytorch, "oihw", SAME_TF, preprocessing="efficientnet_lite"
    ),
    "timm": Layout(_timm, "oihw", {"epsilon": 1e-5}),
    "timm_tf": Layout(_timm, "oihw", SAME_TF, preprocessing="tf"),
}

"""Names of MobileNetV2's weights in torchvision, Keras, MXNet and TensorFlow Lite."""

from collections.abc import Sequence
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

BLOCK = r"(stage\d\.\d+)\.(?:body\.)?"


def _blocks(ours: Sequence[str]) -> dict[str, int]:
    """Numbers of all blocks, from 0."""
    return numbered(paths_of(ours), r"(stage\d\.\d+)\.")


def _torchvision(ours: Sequence[str]) -> Names:
    numbers = _blocks(ours)
    expanded = expanded_blocks(ours)

    def block(match: Match[str]) -> str:
        """Each of the first convolutions is a module of three; the last one stands by itself."""
        first = int(match[1] in expanded)
        place = {
            **{"expand": "0.0", "expand_bn": "0.1"},
            **{"depthwise": f"{first}.0", "depthwise_bn": f"{first}.1"},
            **{"project": f"{first + 1}", "project_bn": f"{first + 2}"},
        }[match[2]]
        return f"features.{numbers[match[1]] + 1}.conv.{place}"

    rules: list[Rule] = [
        (r"stem\.conv", "features.0.0"),
        (r"stem\.bn", "features.0.1"),
        (BLOCK + r"(\w+)", block),
        (r"top\.conv", f"features.{len(numbers) + 1}.0"),
        (r"top\.bn", f"features.{len(numbers) + 1}.1"),
        (r"head", "classifier.1"),
    ]
    return by_rules(ours, rules, TORCH)


def _timm(ours: Sequence[str]) -> Names:
    expanded = expanded_blocks(ours)

    def block(match: Match[str]) -> str:
        """The first stage's block has no expansion, and counts from its depthwise layer."""
        wide = match[1] in expanded
        kinds = {
            **{"expand": "conv_pw", "expand_bn": "bn1", "depthwise": "conv_dw"},
            **{"depthwise_bn": "bn2" if wide else "bn1", "project_bn": "bn3" if wide else "bn2"},
            "project": "conv_pwl" if wide else "conv_pw",
        }
        stage, number = match[1].removeprefix("stage").split(".")
        return f"blocks.{int(stage) - 1}.{number}.{kinds[match[2]]}"

    rules: list[Rule] = [
        *((r"stem\.conv", "conv_stem"), (r"stem\.bn", "bn1"), (BLOCK + r"(\w+)", block)),
        *((r"top\.conv", "conv_head"), (r"top\.bn", "bn2"), (r"head", "classifier")),
    ]
    return by_rules(ours, rules, TORCH)


def _keras(ours: Sequence[str]) -> Names:
    numbers = _blocks(ours)

    def block(match: Match[str]) -> str:
        number = numbers[match[1]]
        start = f"block_{number}" if number else "expanded_conv"
        return f"{start}_{match[2].replace('_bn', '_BN')}"

    rules: list[Rule] = [
        *((r"stem\.conv", "Conv1"), (r"stem\.bn", "bn_Conv1"), (BLOCK + r"(\w+)", block)),
        *((r"top\.conv", "Conv_1"), (r"top\.bn", "Conv_1_bn"), (r"head", "predictions")),
    ]
    return by_rules(ours, rules, KERAS)


def _mxnet(ours: Sequence[str]) -> Names:
    numbers = _blocks(ours)
    start = "mobilenetv20_features"

    def block(match: Match[str]) -> str:
        kind = "batchnorm" if match[2].endswith("_bn") else "conv"
        place = ("expand", "depthwise", "project").index(match[2].removesuffix("_bn"))
        return f"{start}_linearbottleneck{numbers[match[1]]}_{kind}{place}"

    rules: list[Rule] = [
        (r"stem\.conv", f"{start}_conv0"),
        (r"stem\.bn", f"{start}_batchnorm0"),
        (BLOCK + r"(\w+)", block),
        (r"top\.conv", f"{start}_conv1"),
        (r"top\.bn", f"{start}_batchnorm1"),
        (r"head", "mobilenetv20_output_pred"),
    ]
    ends = {"W": "_weight", "b": "_bias", "gamma": "_gamma", "beta": "_beta"}
    return by_rules(
        ours, rules, {**ends, "running_mean": "_running_mean", "running_variance": "_running_var"}
    )


def _tflite(ours: Sequence[str]) -> Names:
    numbers = _blocks(ours)
    ends = {"expand": "expand_Conv2D", "depthwise": "depthwise_depthwise"}

    def block(match: Match[str]) -> str:
        number = numbers[match[1]]
        start = f"MobilenetV2_expanded_conv{f'_{number}' if number else ''}"
        return f"{start}_{ends.get(match[2], 'project_Conv2D')}"

    rules: list[Rule] = [
        (r"stem\.conv", "MobilenetV2_Conv_Conv2D"),
        (BLOCK + r"(\w+)", block),
        (r"top\.conv", "MobilenetV2_Conv_1_Conv2D"),
        (r"head", "MobilenetV2_Logits_Conv2d_1c_1x1_Conv2D"),
    ]
    return by_rules(ours, rules, {"W": "_weight", "b": "_bias"})


MOBILENET_V2 = {
    "torchvision": Layout(_torchvision, "oihw"),
    "keras": Layout(_keras, "hwio", {"padding": "same_tf", "epsilon": 1e-3}, preprocessing="tf"),
    "timm": Layout(_timm, "oihw"),
    "mxnet": Layout(_mxnet, "oihw", {"expand_first": True}),
    "tflite": Layout(_tflite, "ohwi", {"padding": "same_tf"}, preprocessing="tf"),
}

"""Names of SqueezeNet's weights in torchvision and in MXNet's model zoo (also ONNX's)."""

from collections.abc import Callable, Sequence

from src.load.weights.layout import TORCH, Layout, Names, Rule, by_rules, paths_of


def _torchvision(places: Sequence[int]) -> Callable[[Sequence[str]], Names]:
    """torchvision counts all layers: those of conv1 and of fire2 to fire9 are given."""
    numbers = dict(zip(["conv1", *(f"fire{k}" for k in range(2, 10))], places, strict=True))
    rules: list[Rule] = [
        (r"conv1", f"features.{numbers['conv1']}"),
        (r"(fire\d)\.squeeze", lambda m: f"features.{numbers[m[1]]}.squeeze"),
        (r"(fire\d)\.expand\.(\dx\d)\.conv", lambda m: f"features.{numbers[m[1]]}.expand{m[2]}"),
        (r"head\.conv", "classifier.1"),
    ]
    return lambda ours: by_rules(ours, rules, TORCH)


def _mxnet(ours: Sequence[str]) -> Names:
    """MXNet counts the convolutions."""
    numbers = {path: k for k, path in enumerate(paths_of(ours))}
    rules: list[Rule] = [(r".*", lambda m: f"squeezenet0_conv{numbers[m[0]]}")]
    return by_rules(ours, rules, {"W": "_weight", "b": "_bias"})


SQUEEZENET_1_0 = {
    "torchvision": Layout(_torchvision((0, 3, 4, 5, 7, 8, 9, 10, 12)), "oihw"),
    "mxnet": Layout(_mxnet, "oihw"),
}

SQUEEZENET_1_1 = {
    "torchvision": Layout(_torchvision((0, 3, 4, 6, 7, 9, 10, 11, 12)), "oihw"),
    "mxnet": Layout(_mxnet, "oihw"),
}

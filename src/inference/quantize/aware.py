"""From a network to one that trains knowing of its integers, and from that to the integers.

Where activations are rounded is where an ``IntegerNetwork`` has integers: behind every layer with
weights, after its batch normalization and ReLU; behind sums, concatenations, products and means.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from src.classic_cnn.fold_batch_norm import fold_batch_norm
from src.classic_cnn.layers import AveragePool2D, Conv2D, GlobalAveragePool, Resize2D
from src.classic_cnn.quantized import IntegerNetwork
from src.classic_cnn.quantized.aware import AwareConv2D, AwareDense, FakeQuantization
from src.classic_nn.array_types import Array
from src.classic_nn.communicator import SOLO
from src.classic_nn.context import PREDICTION
from src.classic_nn.layers import (
    BatchNorm,
    Clip,
    Dense,
    HardSigmoid,
    Parallel,
    PReLU,
    ReLU,
    ReLU6,
    Residual,
    ScaleShift,
    Sequential,
    SqueezeExcitation,
)
from src.classic_nn.layers.activations import ACTIVATIONS, Softmax
from src.classic_nn.layers.base import Layer, TraceNode
from src.classic_nn.layers.container import Container
from src.classic_nn.layers.registry import layer_from_config
from src.classic_nn.layers.trace import run_trace, trace_network
from src.inference.quantize.calibrate import calibrate
from src.inference.quantize.static import quantize_static
from src.inference.quantize_scheme import Scheme

AWARE = {"Conv2D": "AwareConv2D", "Dense": "AwareDense"}
PLAIN = {aware: plain for plain, aware in AWARE.items()}

WEIGHTED = (Conv2D.__name__, Dense.__name__)
JOINING = (Residual.__name__, Parallel.__name__, SqueezeExcitation.__name__)
CLAMPED = (ReLU.__name__, ReLU6.__name__)
PRODUCING = {
    *(*WEIGHTED, *JOINING, BatchNorm.__name__),
    *(AveragePool2D.__name__, GlobalAveragePool.__name__, Resize2D.__name__),
    *({kind.__name__ for kind in ACTIVATIONS.values()} - {*CLAMPED}),
    *(Clip.__name__, HardSigmoid.__name__, PReLU.__name__, ScaleShift.__name__),
}
"""Layers whose outputs are no integers of their inputs' scale."""

ENDING_IN_NUMBERS = (*WEIGHTED, BatchNorm.__name__, Softmax.__name__)
"""Layers whose outputs an ``IntegerNetwork`` leaves numbers where it ends with them."""


def quantization_aware(network: Sequential, bits: int) -> Sequential:
    """A network that rounds, with the weights of the given one, which stays as it is.

    Args:
        network: built, not quantized.
        bits: of the weights; activations have 8.
    """
    config = _aware(network.config(), bits, outermost=True)
    made = layer_from_config(config)
    assert isinstance(made, Sequential)
    made.build(network.built_shape(), None, network.parameters.vector.dtype)
    _copy(network, made)
    return made


def is_aware(network: Container) -> bool:
    """Whether a network was trained knowing of its integers."""
    return any(isinstance(layer, FakeQuantization) for layer in network.descendants())


def find_ranges(network: Sequential, batches: Iterable[Array]) -> None:
    """Give the ranges of activations a value to begin with, from some inputs."""
    nodes = trace_network(network)

    def observe(node: TraceNode, y: Array) -> Array:
        if isinstance(node.layer, FakeQuantization):
            node.layer.observe(y, SOLO)
            return node.layer.forward(y, PREDICTION)[0]
        return y

    for x in batches:
        run_trace(nodes, x, observe)


def integers_of_aware(network: Sequential, batches: Iterable[Array]) -> IntegerNetwork:
    """The integers that a network was trained for.

    Args:
        network: of ``quantization_aware``, trained.
        batches: inputs (samples, *input_shape): the ranges of the few operations for which the
            network has none, such as the mean of squeeze and excitation, are theirs.
    """
    bits = next(
        layer.bits for layer in network.descendants() if isinstance(layer, AwareConv2D | AwareDense)
    )
    plain = layer_from_config(_plain(network.config()))
    assert isinstance(plain, Sequential)
    plain.build(network.built_shape(), None, network.parameters.vector.dtype)
    _copy(network, plain)
    folded = fold_batch_norm(plain)
    scheme = Scheme("static", bits, method="min_max")
    return quantize_static(folded, calibrate(folded, batches), scheme)


def _aware(config: dict[str, Any], bits: int, outermost: bool = False) -> dict[str, Any]:
    """The configuration of a layer, with those that round inside of it."""
    kind = config["type"]
    if kind in AWARE:
        return {**config, "type": AWARE[kind], "bits": bits}
    made = dict(config)
    for setting, value in config.items():
        if isinstance(value, dict):
            made[setting] = _ending_in_integers(_aware(value, bits))
        elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
            inner = [_aware(one, bits) for one in value]
            made[setting] = inner if kind == "Sequential" else list(map(_ending_in_integers, inner))
    return _with_roundings(made, outermost) if kind == "Sequential" else made


def _with_roundings(config: dict[str, Any], outermost: bool) -> dict[str, Any]:
    """A Sequential's configuration with a rounding behind each layer that needs one."""
    layers = config["layers"]
    names = config.get("names") or [""] * len(layers)
    made, made_names = [], []
    if outermost:
        made.append({"type": "FakeQuantization"})
        made_names.append("input_rounded")
    for k, (layer, name) in enumerate(zip(layers, names, strict=True)):
        made.append(layer)
        made_names.append(name)
        if _is_rounded(layers, k, outermost):
            made.append({"type": "FakeQuantization"})
            made_names.append(f"{name}_rounded")
    config = {**config, "layers": made}
    return {**config, "names": made_names} if config.get("names") else config


def _is_rounded(layers: Sequence[dict[str, Any]], k: int, outermost: bool) -> bool:
    """Whether the outputs of a Sequential's layer become integers of their own."""
    kinds = [PLAIN.get(layer["type"], layer["type"]) for layer in layers]
    kind = kinds[k]
    if k == len(layers) - 1:
        ends_in_numbers = outermost and kind in ENDING_IN_NUMBERS
        return kind in PRODUCING | {*CLAMPED} and not ends_in_numbers
    following = kinds[k + 1]
    folded = kind == BatchNorm.__name__ and k > 0 and kinds[k - 1] in WEIGHTED
    clamps = kind in (*WEIGHTED, *JOINING) or folded
    if kind in WEIGHTED and following == BatchNorm.__name__:
        return False
    if clamps and following in CLAMPED:
        return False
    if kind in CLAMPED:  # one behind a layer that applies it
        before = kinds[k - 1] if k else ""
        after_folded = before == BatchNorm.__name__ and k > 1 and kinds[k - 2] in WEIGHTED
        return before in (*WEIGHTED, *JOINING) or after_folded or kind == ReLU6.__name__
    return kind in PRODUCING


def _ending_in_integers(config: dict[str, Any]) -> dict[str, Any]:
    """A branch that ends in a rounding, if its last layer's outputs need one."""
    kind = PLAIN.get(config["type"], config["type"])
    if kind == "Sequential" or kind not in PRODUCING:
        return config
    return {"type": "Sequential", "layers": [config, {"type": "FakeQuantization"}]}


def _plain(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration without rounded weights; roundings of activations stay."""
    made = dict(config)
    if made["type"] in PLAIN:
        made["type"] = PLAIN[made["type"]]
        del made["bits"]
    for setting, value in config.items():
        if isinstance(value, dict):
            made[setting] = _plain(value)
        elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
            made[setting] = [_plain(inner) for inner in value]
    return made


def _leaves(network: Container) -> list[Layer]:
    """All layers that are no containers, in their order."""
    return [layer for layer in network.descendants() if not isinstance(layer, Container)]


def _copy(source: Container, target: Container) -> None:
    """Give a network's values to one with the same layers; only one of them may round."""
    rounds = [
        any(isinstance(layer, FakeQuantization) for layer in _leaves(n)) for n in (source, target)
    ]
    pairs = [
        [layer for layer in _leaves(n) if all(rounds) or not isinstance(layer, FakeQuantization)]
        for n in (source, target)
    ]
    for old, new in zip(*pairs, strict=True):
        new.trainable = old.trainable
    trained = pairs[1][0].trainable
    for layer in _leaves(target):  # a rounding behind a frozen layer keeps its range
        if isinstance(layer, FakeQuantization):
            layer.trainable = trained
        elif layer.parameters or layer.frozen:
            trained = layer.trainable
    target.join()
    for old, new in zip(*pairs, strict=True):
        for name, array in {**old.parameters, **old.frozen}.items():
            (new.frozen if name in new.frozen else new.parameters)[name][...] = array
        for name, array in old.buffers.items():
            new.buffers[name][...] = array

"""A trained model made small."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from src.classic_cnn.fold_batch_norm import fold_batch_norm
from src.classic_cnn.quantized import (
    FakeQuantization,
    IntegerNetwork,
    QuantizedConv2D,
    QuantizedDense,
)
from src.classic_nn.array_types import Array
from src.classic_nn.layers import Sequential
from src.classic_nn.layers.base import Layer
from src.classic_nn.layers.container import Container
from src.classic_nn.layers.trace import trace_network
from src.classic_nn.serialization import SavedModel
from src.inference.quantize.calibrate import calibrate
from src.inference.quantize.floating import quantize_weights
from src.inference.quantize.static import quantize_static
from src.inference.quantize_scheme import Scheme

TOGETHER = 8
"""Inputs that go through the network together in calibration."""


def quantize_network(
    network: Container, scheme: Scheme, batches: Iterable[Array] = ()
) -> Container:
    """A network with integers, for use; the given one stays as it is.

    Args:
        network: built.
        scheme: how.
        batches: inputs (samples, *input_shape) for calibration, if the scheme is "static".

    Raises ValueError: it is quantized already, or a layer that is to be kept does not exist.
    """
    folded = foldable(network)
    check_layers(folded, scheme)
    if scheme.kind != "static":
        return quantize_weights(folded, scheme)
    return quantize_static(folded, calibrate(folded, batches), scheme)


def quantize_model(model: SavedModel, scheme: Scheme, batches: Iterable[Array] = ()) -> SavedModel:
    """A model with a quantized network, and everything else as it was."""
    network = quantize_network(model.network, scheme, batches)
    return replace(model, network=network)


def foldable(network: Container) -> Sequential:
    """The network with batch normalization folded; ValueError where it is quantized already."""
    if any(isinstance(layer, FakeQuantization) for layer in network.descendants()):
        raise ValueError(
            "the model was trained for its integers: they are in its run, model-static*.safetensors"
        )
    if is_quantized(network):
        raise ValueError("the model is quantized already: take the one that it was made from")
    if not isinstance(network, Sequential):
        raise ValueError(f"expected a Sequential, got a {type(network).__name__}")
    return fold_batch_norm(network)


def is_quantized(network: Layer) -> bool:
    """Whether a network has integers."""
    if isinstance(network, IntegerNetwork):
        return True
    inside = network.descendants() if isinstance(network, Container) else iter(())
    return any(isinstance(layer, QuantizedConv2D | QuantizedDense) for layer in inside)


def check_layers(network: Sequential, scheme: Scheme) -> None:
    """Raise ValueError for a layer to keep in float that does not exist."""
    weighted = [node.path for node in trace_network(network) if node.layer is not None]
    for path in scheme.keep_float:
        if path not in weighted:
            raise ValueError(
                f"keep_float: there is no layer {path!r}; there are {', '.join(weighted)}"
            )


def in_batches(inputs: Array, together: int = TOGETHER) -> Iterator[Array]:
    """(samples, ...) in parts."""
    for start in range(0, len(inputs), together):
        yield inputs[start : start + together]

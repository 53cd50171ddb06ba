"""Networks whose weights have a few bits and whose activations stay float32."""

from collections.abc import Collection
from typing import Any

from src.classic_cnn.layers import Conv2D
from src.classic_cnn.quantized import QuantizedConv2D, QuantizedDense
from src.classic_cnn.quantized.weights import fill_weights, weight_quantization
from src.classic_nn.layers import Dense, Sequential
from src.classic_nn.layers.base import Layer
from src.classic_nn.layers.container import Container
from src.classic_nn.layers.observing import layer_paths
from src.classic_nn.layers.registry import layer_from_config
from src.inference.quantize_scheme import Scheme

REPLACED = {Conv2D: QuantizedConv2D, Dense: QuantizedDense}


def quantize_weights(network: Sequential, scheme: Scheme) -> Sequential:
    """A network with the same layers, but for those with weights.

    Args:
        network: built, batch normalization folded; it stays as it is.
        scheme: "dynamic" or "weights".
    """
    kept = set(scheme.keep_float)
    by_path = {path: layer for layer, path in layer_paths(network).items()}
    changed = {path for path, layer in by_path.items() if type(layer) in REPLACED} - kept
    made = layer_from_config(_config(network, "", changed, scheme))
    assert isinstance(made, Sequential)
    made.build(network.built_shape(), None, network.parameters.vector.dtype)
    for layer, path in layer_paths(made).items():
        if not isinstance(layer, Container):
            _fill(layer, by_path[path], scheme)
    return made


def _config(layer: Layer, path: str, changed: Collection[str], scheme: Scheme) -> dict[str, Any]:
    """The configuration of a layer, with those at some paths replaced."""
    config = layer.config()
    if path in changed:
        return {
            **config,
            "type": REPLACED[type(layer)].__name__,
            "bits": scheme.bits,
            "per_channel": scheme.per_channel,
            "dynamic": scheme.kind == "dynamic",
        }
    if not isinstance(layer, Container):
        return config
    children = {
        id(child): _config(child, f"{path}.{child.name}" if path else child.name, changed, scheme)
        for child in layer.children()
    }
    for setting in list(config):
        value = getattr(layer, setting, None)
        if isinstance(value, Layer):
            config[setting] = children[id(value)]
        elif isinstance(value, list | tuple) and any(isinstance(v, Layer) for v in value):
            config[setting] = [children[id(child)] for child in value]
            config["names"] = [child.name for child in value]  # not those of the new kinds
    return config


def _fill(layer: Layer, source: Layer, scheme: Scheme) -> None:
    """Give a layer the values of the one that it replaces."""
    arrays = {**source.parameters, **source.frozen}
    if isinstance(layer, QuantizedConv2D | QuantizedDense):
        w = arrays["W"]
        quantization = weight_quantization(w, scheme.bits, scheme.per_channel)
        fill_weights(layer.buffers, w, quantization)
        if "b" in arrays:
            layer.buffers["b"][...] = arrays["b"]
        return
    for name, array in arrays.items():
        layer.parameters[name] = array
    for name, array in source.buffers.items():
        layer.buffers[name][...] = array

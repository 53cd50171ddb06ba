"""Grad-CAM: which places of a layer's maps speak for the score (Selvaraju et al. 2017, eq. 1, 2).

    weight of a map    alpha_c = mean over places i, j of df/dA_ijc
    heat map           L_ij    = ReLU( sum over c of alpha_c A_ijc )

A (height, width, channels) are the outputs of the layer for one photo. The deeper the layer, the
more its maps mean, and the coarser they are; L is enlarged to the photo's size (bilinear), and says
where, not which pixel. What speaks against the score is cut off.
"""

from collections.abc import Mapping
from difflib import get_close_matches

import numpy as np

from src.classic_cnn.resizing import resize_forward
from src.classic_nn.array_types import Array, Shape
from src.classic_nn.context import Context
from src.classic_nn.layers.container import Container
from src.classic_nn.layers.dropout import Dropout
from src.classic_nn.layers.observing import observe_outputs
from src.classic_nn.layers.trace import trace_network
from src.inference.explain.attribution import Attribution
from src.inference.explain.score import Score


def grad_cam(score: Score, x: Array, layer: str = "") -> Attribution:
    """The heat map (height, width) of one photo (height, width, channels), 0 or more.

    Args:
        score: f.
        x: the photo, prepared.
        layer: path in the network; the last one with maps if empty.

    Figures: ``layer`` and its ``map`` (height, width).

    Raises ValueError: no layer of this name, or none with maps.
    """
    path = layer_with_maps(score.network, x, layer)
    maps, gradients = outputs_and_gradients(score, x, path)
    alpha = gradients.mean(axis=(0, 1))  # (channels,)
    heat = np.maximum((maps * alpha).sum(axis=2), 0)
    enlarged, _ = resize_forward(heat[np.newaxis, ..., np.newaxis], x.shape[:2])
    figures = {"layer": path, "map": list(heat.shape)}
    return Attribution(enlarged[0, ..., 0].astype(np.float64), figures)


def outputs_and_gradients(score: Score, x: Array, path: str) -> tuple[Array, Array]:
    """A, the outputs of a layer for one input, and df/dA, both without the samples axis."""
    layer = score.network[path]
    outputs: list[Array] = []
    gradients: list[Array] = []
    context = Context(
        observer=lambda seen, y: outputs.append(y[0].copy()) if seen is layer else None,
        gradient_observer=lambda seen, dy: (
            gradients.append(dy[0].copy()) if seen is layer else None
        ),
        parameter_gradients=False,
    )
    logits, cache = score.network.forward(x[np.newaxis], context)
    score.network.backward(score.upstream(logits), cache, context)
    return outputs[0], gradients[0]


def layer_with_maps(network: Container, x: Array, path: str = "") -> str:
    """Path of a layer with maps: the last one if none is named.

    Raises ValueError where there is none, or none of this name.
    """
    shapes = output_shapes(network, x)
    maps = [name for name, shape in shapes.items() if len(shape) == 3 and max(shape[:2]) > 1]
    if not maps:
        raise ValueError("Grad-CAM needs a layer with maps, and this network has none")
    if not path:
        dropped = [name for name in maps if isinstance(network[name], Dropout)]
        return [name for name in maps if name not in dropped][-1]
    if path in maps:
        return path
    if path in shapes:
        raise ValueError(
            f"layer {path} has no maps, its output is {shapes[path]}: {_offered(maps)}"
        )
    near = get_close_matches(path, maps, n=2)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    raise ValueError(f"unknown layer {path!r}: {hint}{_offered(maps)}")


def has_maps(network: Container) -> bool:
    """Whether a network has a layer whose output is (height, width, channels)."""
    return any(
        node.layer is not None and len(node.shape) == 3 and max(node.shape[:2]) > 1
        for node in trace_network(network)
    )


def output_shapes(network: Container, x: Array) -> Mapping[str, Shape]:
    """Shapes of the outputs of all layers for one input, by path, in the order of computation."""
    shapes: dict[str, Shape] = {}
    observe_outputs(network, x[np.newaxis], lambda path, _, y: shapes.update({path: y.shape[1:]}))
    return shapes


def _offered(maps: list[str]) -> str:
    """Names of the layers with maps, without those inside of others."""
    outer = [path for path in maps if "." not in path]
    return f"layers with maps are {', '.join(outer)}, and those inside of them"

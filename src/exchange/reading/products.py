"""Matrix products, normalization, and arithmetic with constants, as layers."""

from collections.abc import Callable

import numpy as np

from src.classic_cnn.layers import Conv2D
from src.classic_nn.layers import (
    BatchNorm,
    Dense,
    InstanceNorm,
    LocalResponseNorm,
    ScaleShift,
    Sigmoid,
)
from src.classic_nn.layers.activations import HardSwish, SiLU
from src.classic_nn.layers.piecewise import HardSigmoid
from src.exchange.graph import Node
from src.exchange.reading.steps import Step, Steps, Value, Values, refused


def matrix_product(steps: Steps, node: Node) -> None:
    """MatMul and Gemm with constant weights; of images with channels last, a convolution of 1."""
    x, w = steps.value(node), steps.needed(node, 1)
    attributes = node.attributes
    b = None
    if node.operator == "Gemm":
        if attributes.get("transA", 0):
            raise refused(node, "transA is not supported: samples are rows")
        b = steps.array(node, 2)
        w = w.T if attributes.get("transB", 0) else w
        alpha, beta = float(attributes.get("alpha", 1)), float(attributes.get("beta", 1))
        w = w if alpha == 1 else w * np.float32(alpha)
        b = b if b is None or beta == 1 else b * np.float32(beta)
    if w.ndim != 2 or w.shape[0] != x.shape[-1] or (x.is_image and not x.channels_last):
        raise refused(node, f"weights {w.shape} do not fit samples of shape {x.shape}")
    if x.trailing_axes:
        raise refused(node, "expected features, got maps of one pixel")
    outputs = w.shape[1]
    arrays = {"W": x.in_our_order(np.ascontiguousarray(w))}
    if b is not None:
        if b.shape not in ((), (1,), (1, 1), (outputs,), (1, outputs)):
            raise refused(node, f"expected a bias for each of {outputs} outputs, got {b.shape}")
        arrays["b"] = np.broadcast_to(b.reshape(-1), outputs)
    if x.is_image:
        kernel = {**arrays, "W": arrays["W"][np.newaxis, np.newaxis]}
        steps.add(node, Conv2D(outputs, 1, bias=b is not None), x, kernel)
        return
    made = steps.add(node, Dense(outputs, b is not None), x._replace(flat=None), arrays)
    steps.values[made.name] = Value(made.name, made.shape)


def batch_normalization(steps: Steps, node: Node) -> None:
    """By running statistics."""
    x = steps.value(node)
    if node.attributes.get("training_mode", 0) or len([o for o in node.outputs if o]) > 1:
        raise refused(node, "it is in training mode: export the network for use")
    names = ("gamma", "beta", "running_mean", "running_variance")
    arrays = {name: steps.needed(node, k) for k, name in enumerate(names, start=1)}
    if x.is_image and x.channels_last:
        raise refused(node, "its images have channels last, where ONNX has them first")
    if any(array.shape != (x.shape[-1],) for array in arrays.values()):
        raise refused(node, f"expected {x.shape[-1]} numbers for each of its inputs")
    arrays = {name: x.in_our_order(array) for name, array in arrays.items()}
    layer = BatchNorm(
        momentum=min(float(node.attributes.get("momentum", 0.9)), 0.999),
        epsilon=float(node.attributes.get("epsilon", 1e-5)),
    )
    steps.add(node, layer, x, arrays)


def instance_normalization(steps: Steps, node: Node) -> None:
    """InstanceNormalization of images."""
    x = steps.value(node)
    arrays = {name: steps.needed(node, k) for k, name in ((1, "gamma"), (2, "beta"))}
    if not x.is_image or x.channels_last or any(a.shape != x.shape[-1:] for a in arrays.values()):
        raise refused(node, "expected images with channels first, and two numbers for each channel")
    steps.add(node, InstanceNorm(float(node.attributes["epsilon"])), x, arrays)


def local_response(steps: Steps, node: Node) -> None:
    """LRN."""
    x = steps.value(node)
    if (x.is_image and x.channels_last) or x.flat is not None:
        raise refused(node, "expected channels first")
    settings = node.attributes
    names = ("alpha", "beta", "bias")
    if not 1 <= int(settings["size"]) <= 2 * x.shape[-1] + 1:
        raise refused(
            node, f"expected a size of twice the channels or less, got {settings['size']}"
        )
    layer = LocalResponseNorm(int(settings["size"]), *(float(settings[name]) for name in names))
    steps.add(node, layer, x)


def per_channel(node: Node, values: Values, x: Value) -> Values:
    """(channels,) of a constant that is broadcast over samples and pixels, in our order."""
    channels = x.shape[-1]
    full = (1,) * max(x.axes - values.ndim, 0) + values.shape
    wanted = [1] * x.axes
    wanted[x.channel_axis] = channels
    if len(full) != x.axes or any(a not in (1, b) for a, b in zip(full, wanted, strict=True)):
        raise refused(
            node,
            f"a constant of shape {list(values.shape)} has no number for each of {channels} "
            "channels",
        )
    spread = np.broadcast_to(values.reshape(full), wanted).reshape(channels)
    return x.in_our_order(np.ascontiguousarray(spread, np.float32))


def arithmetic(steps: Steps, node: Node) -> None:
    """Add, Sub, Mul, Div: with a constant a number for each channel, else a join of two values."""
    constants = [steps.is_constant(node, k) for k in (0, 1)]
    if not any(constants):
        _JOINS.get(node.operator, _no_join)(steps, node)
        return
    if all(constants):
        raise refused(node, "both of its inputs are constants")
    position = constants.index(False)
    x = steps.value(node, position)
    c = per_channel(node, steps.needed(node, 1 - position), x)
    one = np.ones_like(c)
    if node.operator == "Div" and position == 1:
        raise refused(node, "division of a constant by a value is not supported")
    if node.operator == "Add":
        gamma, beta = one, c
    elif node.operator == "Sub":
        gamma, beta = (one, -c) if position == 0 else (-one, c)
    else:
        gamma, beta = (c if node.operator == "Mul" else one / c), np.zeros_like(c)
    _scale_and_shift(steps, node, x, gamma, beta)


def _scale_and_shift(steps: Steps, node: Node, x: Value, gamma: Values, beta: Values) -> None:
    """A layer of its own, or part of the one before; a division of all by one number stays apart,
    for it may be a temperature."""
    last = steps.before(x)
    is_temperature = node.operator == "Div" and (gamma == gamma[0]).all()
    if last is not None and isinstance(last.layer, ScaleShift) and not is_temperature:
        before = last.arrays
        last.arrays = {"gamma": before["gamma"] * gamma, "beta": before["beta"] * gamma + beta}
    elif last is not None and _takes_a_bias(last) and (gamma == 1).all():
        assert isinstance(last.layer, Dense | Conv2D)
        last.layer.bias = True
        last.arrays["b"] = beta
    else:
        steps.add(node, ScaleShift(), x, {"gamma": gamma, "beta": beta})
        return
    steps.rename(last, node.outputs[0])
    steps.values[last.output] = x._replace(name=last.output)


def _takes_a_bias(step: Step) -> bool:
    return isinstance(step.layer, Dense | Conv2D) and not step.layer.bias


def _add(steps: Steps, node: Node) -> None:
    x, y = steps.value(node, 0), steps.value(node, 1)
    _check_alike(node, x, y)
    steps.join(node, "Add", [x, y], x.shape)


def total(steps: Steps, node: Node) -> None:
    """Sum of one value, or of two."""
    if len(node.inputs) == 1:
        steps.alias(node, steps.value(node))
    elif len(node.inputs) == 2:
        arithmetic(steps, node._replace(operator="Add"))
    else:
        raise refused(node, "sums of three and more are not supported")


def _check_alike(node: Node, x: Value, y: Value) -> None:
    if x._replace(name="") != y._replace(name=""):
        raise refused(node, f"samples of shapes {x.shape} and {y.shape} do not fit together")


def _multiply(steps: Steps, node: Node) -> None:
    """A product with its own gate is an activation; with a number for each channel, excitation."""
    x, y = steps.value(node, 0), steps.value(node, 1)
    for value, gate in ((x, y), (y, x)):
        last = steps.before(gate)
        kind = _GATED.get(type(last.layer)) if last is not None else None
        same = value._replace(name="") == gate._replace(name="")
        if last is not None and kind is not None and last.inputs == (value.name,) and same:
            if isinstance(last.layer, HardSigmoid) and not _is_hard_swish(last.layer):
                continue
            steps.made.remove(last)
            steps.add(node, kind(), value)
            return
    for value, weights in ((x, y), (y, x)):
        if value.is_image and weights.trailing_axes == 2 and value.shape[-1] == weights.shape[-1]:
            if value.channels_last:
                break
            steps.join(node, "Multiply", [value, weights], value.shape)
            return
    raise refused(node, "products of two values are supported as activations and excitation alone")


def _is_hard_swish(gate: HardSigmoid) -> bool:
    return bool(np.isclose(gate.alpha, 1 / 6) and np.isclose(gate.beta, 0.5))


def _no_join(steps: Steps, node: Node) -> None:
    raise refused(node, "expected a constant")


_GATED = {Sigmoid: SiLU, HardSigmoid: HardSwish}

_JOINS: dict[str, Callable[[Steps, Node], None]] = {"Add": _add, "Mul": _multiply}


MAX_BRANCHES = 1024
"""Inputs of a concatenation, at most."""


def concatenation(steps: Steps, node: Node) -> None:
    """Concat of channels or features."""
    values = [steps.value(node, k) for k in range(len(node.inputs))]
    if len(values) > MAX_BRANCHES:
        raise refused(node, f"more than {MAX_BRANCHES} inputs are not supported")
    first = values[0]
    axis = int(node.attributes["axis"]) % first.axes
    alike = all(
        v.axes == first.axes
        and v.channels_last == first.channels_last
        and v.flat is None
        and v.shape[:-1] == first.shape[:-1]
        for v in values
    )
    if axis != first.channel_axis or not alike:
        raise refused(node, "expected channels, or features, side by side")
    width = sum(v.shape[-1] for v in values)
    steps.join(node, "Concatenate", values, (*first.shape[:-1], width))

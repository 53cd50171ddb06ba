"""Convolutions and pools of ONNX as layers."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from src.classic_cnn.layers import (
    AveragePool2D,
    Conv2D,
    GlobalAveragePool,
    MaxPool2D,
    Resize2D,
    ZeroPad2D,
)
from src.classic_nn.layers import Dense, Layer
from src.exchange.graph import Node
from src.exchange.reading.constants import axes_of
from src.exchange.reading.steps import Steps, Value, refused

Sides = tuple[tuple[int, int], tuple[int, int]]


def convolution(steps: Steps, node: Node) -> None:
    """Conv; on maps of one pixel that are features here, a dense layer."""
    x, w, b = steps.value(node), steps.needed(node, 1), steps.array(node, 2)
    if w.ndim != 4:
        raise refused(node, f"kernels of {w.ndim - 2} axes are not supported, images have two")
    groups = int(node.attributes.get("group", 1))
    check_channels(node, x, w.shape[1] * groups)
    kernel = w.transpose(2, 3, 1, 0)
    arrays = {"W": kernel} | ({} if b is None else {"b": b})
    if not x.is_image:
        if w.shape[2:] != (1, 1) or groups != 1 or any(node.attributes.get("pads", [0])):
            raise refused(node, "expected a kernel of one pixel, as the mean over all pixels has")
        weights = x.in_our_order(np.ascontiguousarray(kernel[0, 0]))
        layer: Layer = Dense(w.shape[0], b is not None)
        steps.add(node, layer, x._replace(flat=None), arrays | {"W": weights})
        return
    settings = window_settings(node, x, (w.shape[2], w.shape[3]))
    layer = Conv2D(
        w.shape[0],
        (w.shape[2], w.shape[3]),
        settings["stride"],
        settings["padding"],
        pair_of(node, "dilations"),
        groups,
        b is not None,
    )
    steps.add(node, layer, x, arrays)


def check_channels(node: Node, x: Value, channels: int) -> None:
    """UnreadableDataError unless x has so many, with the file's channels in front."""
    if x.is_image and x.channels_last:
        raise refused(node, "its images have channels last, where ONNX has them first")
    if x.shape[-1] != channels:
        raise refused(node, f"its weights are for {channels} channels, it is given {x.shape[-1]}")


def pair_of(node: Node, name: str) -> tuple[int, int]:
    """(vertical, horizontal) of an attribute, 1 where it is not there."""
    found = node.attributes.get(name) or [1, 1]
    if len(found) != 2:
        raise refused(node, f"{name}: expected two numbers, got {found}")
    return int(found[0]), int(found[1])


def window_settings(node: Node, x: Value, kernel: tuple[int, int]) -> dict[str, Any]:
    """Stride and padding of a convolution or pool."""
    stride = pair_of(node, "strides")
    rule = node.attributes.get("auto_pad", b"NOTSET").decode()
    effective = [d * (k - 1) + 1 for k, d in zip(kernel, pair_of(node, "dilations"), strict=True)]
    if rule == "SAME_UPPER":
        return {"stride": stride, "padding": "same_tf"}
    if rule == "SAME_LOWER":  # the odd pixel at the top and left
        padding = []
        for size, e, s in zip(x.shape, effective, stride, strict=False):
            total = max((-(-size // s) - 1) * s + e - size, 0)
            padding.append((total - total // 2, total // 2))
        return {"stride": stride, "padding": tuple(padding)}
    pads = [0] * 4 if rule == "VALID" else node.attributes.get("pads") or [0] * 4
    if len(pads) != 4 or min(pads) < 0:
        raise refused(node, f"pads: expected four numbers of 0 or more, got {pads}")
    sides = ((int(pads[0]), int(pads[2])), (int(pads[1]), int(pads[3])))
    return {"stride": stride, "padding": sides}


def with_last_windows(x: Value, effective: Sequence[int], settings: Any) -> Sides:
    """Padding that completes the last windows (``ceil_mode``), where they begin inside."""
    sides = []
    for k in (0, 1):
        before, after = settings["padding"][k]
        size, e, s = x.shape[k], effective[k], settings["stride"][k]
        count = -(-(size + before + after - e) // s) + 1
        if (count - 1) * s >= size + before:
            count -= 1
        sides.append((before, max((count - 1) * s + e - size - before, after)))
    return sides[0], sides[1]


def pool(steps: Steps, node: Node) -> None:
    """MaxPool and AveragePool."""
    x = steps.value(node)
    if not x.is_image or x.channels_last:
        raise refused(node, "expected images with channels first")
    if len(node.attributes.get("kernel_shape", ())) != 2:
        raise refused(node, "expected windows of two axes")
    if len([name for name in node.outputs if name]) > 1:
        raise refused(node, "the places of the maxima are not supported as an output")
    window = pair_of(node, "kernel_shape")
    if prod(window) > MAX_WINDOW:
        raise refused(node, f"windows of more than {MAX_WINDOW:,} pixels are not supported")
    dilation = pair_of(node, "dilations")
    settings = window_settings(node, x, window) | {"dilation": dilation}
    counts_padding = bool(node.attributes.get("count_include_pad", 0))
    if node.attributes.get("ceil_mode", 0) and not isinstance(settings["padding"], str):
        effective = [d * (k - 1) + 1 for k, d in zip(window, dilation, strict=True)]
        sides = with_last_windows(x, effective, settings)
        if counts_padding and sides != settings["padding"]:
            raise refused(node, "ceil_mode together with count_include_pad is not supported")
        settings["padding"] = sides
    if node.operator == "MaxPool":
        steps.add(node, MaxPool2D(window, **settings), x)
        return
    steps.add(node, AveragePool2D(window, **settings, count_padding=counts_padding), x)


def global_average_pool(steps: Steps, node: Node) -> None:
    """The mean over all pixels, which the file leaves as axes of size 1."""
    x = steps.value(node)
    if not x.is_image or x.channels_last:
        raise refused(node, "expected images with channels first")
    made = steps.add(node, GlobalAveragePool(), x)
    steps.values[made.name] = made._replace(trailing_axes=2)


def reduce_mean(steps: Steps, node: Node) -> None:
    """ReduceMean over the pixels."""
    x = steps.value(node)
    axes = sorted(axis % x.axes for axis in axes_of(node, steps.array(node, 1)) or ())
    wanted = [1, 2] if x.channels_last else [2, 3]
    if not x.is_image or axes != wanted:
        raise refused(node, f"means are supported over the pixels alone, got axes {axes}")
    keeps = bool(node.attributes.get("keepdims", 1))
    if keeps and x.channels_last:
        raise refused(node, "expected channels first where the axes of the pixels are kept")
    made = steps.add(node, GlobalAveragePool(), x)
    steps.values[made.name] = made._replace(trailing_axes=2 if keeps else 0, channels_last=False)


def pad(steps: Steps, node: Node) -> None:
    """Pad with zeros at the sides of images."""
    x = steps.value(node)
    sides = node.attributes.get("pads")
    if sides is None:
        sides = steps.needed(node, 1).ravel().tolist()
        if len(node.inputs) > 3 and node.inputs[3]:
            raise refused(node, "axes are not supported: expected pads for all four")
    value = steps.array(node, 2)
    number = node.attributes.get("value", 0.0) if value is None else float(value.item())
    mode = node.attributes.get("mode", b"constant")
    if not x.is_image or mode != b"constant" or number or len(sides) != 8 or min(sides) < 0:
        raise refused(node, "expected zeros at the sides of images")
    rows, columns = (1, 2) if x.channels_last else (2, 3)
    around = [(int(sides[axis]), int(sides[axis + 4])) for axis in range(4)]
    if any(around[axis] != (0, 0) for axis in {0, 1, 2, 3} - {rows, columns}):
        raise refused(node, "expected zeros at the sides of images, not among samples or channels")
    steps.add(node, ZeroPad2D((around[rows], around[columns])), x)


MAX_WINDOW = 1 << 16
"""Pixels of a pool's window, at most."""

RESIZED = {
    ("linear", "half_pixel"): "linear",
    ("linear", "pytorch_half_pixel"): "linear",  # another rule for an output of one pixel alone
    ("nearest", "asymmetric"): "nearest",
}
"""Modes of a layer by modes and coordinates of ONNX."""


def resize(steps: Steps, node: Node) -> None:
    """Resize: bilinear with half-pixel coordinates, or the nearest value, rounded down."""
    x = steps.value(node)
    named = ("mode", "coordinate_transformation_mode", "nearest_mode")
    mode, coordinates, rounding = (node.attributes.get(name, b"").decode() for name in named)
    kind = RESIZED.get((mode, coordinates))
    if kind is None or (kind == "nearest" and rounding != "floor"):
        raise refused(
            node,
            "expected mode linear with half_pixel coordinates, or nearest with asymmetric ones and "
            f"floor; got {mode}, {coordinates}, {rounding}",
        )
    others = {"antialias": 0, "axes": None, "keep_aspect_ratio_policy": b"stretch"}
    if not x.is_image or any(node.attributes.get(k, v) != v for k, v in others.items()):
        raise refused(node, f"expected images, and no {', '.join(others)}")
    pixels = (1, 2) if x.channels_last else (2, 3)
    size = _size_of(steps, node, x, pixels)
    if kind == "nearest":
        _check_nearest(steps, node, x, pixels, size)
    if coordinates == "pytorch_half_pixel" and 1 in size:
        raise refused(node, "pytorch_half_pixel is not supported for an output of one pixel")
    steps.add(node, Resize2D(size, kind), x)


def _check_nearest(
    steps: Steps, node: Node, x: Value, pixels: tuple[int, int], size: tuple[int, int]
) -> None:
    """UnreadableDataError where a scale that is no quotient of sizes chooses other pixels."""
    scales = steps.array(node, 2)
    if scales is None or scales.size != 4:
        return
    for axis, old, new in zip(pixels, x.shape, size, strict=False):
        places = np.arange(new)
        theirs = np.floor(places.astype(np.float32) / np.float32(scales[axis]))
        if not np.array_equal(theirs, places * old // new):
            raise refused(node, "its scales choose other pixels than the quotient of the sizes")


def _size_of(steps: Steps, node: Node, x: Value, pixels: tuple[int, int]) -> tuple[int, int]:
    """Height and width of the output."""
    scales, sizes = (steps.array(node, k) for k in (2, 3))
    rest = [axis for axis in range(4) if axis not in pixels]
    if sizes is not None and sizes.size == 4:
        if int(sizes[rest[1]]) != x.shape[2]:
            raise refused(node, "expected as many channels as before")
        return int(sizes[pixels[0]]), int(sizes[pixels[1]])
    if scales is None or scales.size != 4:
        raise refused(node, "expected four scales or sizes")
    if any(float(scales[axis]) != 1 for axis in rest):
        raise refused(node, "expected scales of 1 for samples and channels")
    wanted = [x.shape[k] * float(scales[axis]) for k, axis in enumerate(pixels)]
    size = [int(np.floor(side + 1e-4)) for side in wanted]
    if any(abs(side - whole) > 1e-3 for side, whole in zip(wanted, size, strict=True)):
        raise refused(node, f"expected scales that give whole numbers of pixels, got {wanted}")
    return size[0], size[1]

"""Receptive fields: which pixels of the input a place of a map can depend on.

Along one axis, the place i of a map sees the pixels from ``start + i jump`` on, ``size`` of them.
Of the input itself start = 0, jump = 1, size = 1; a window of effective size e, stride s and
padding p in front turns them into

    start <- start - p jump,   size <- size + (e - 1) jump,   jump <- s jump

(Araujo, Norris and Sim 2019, "Computing receptive fields of convolutional neural networks").
Where branches meet, a place sees what any of them sees; a mean over all pixels, or a dense layer,
sees everything. What lies outside of the image is padding.
"""

from collections.abc import Mapping
from typing import NamedTuple

from src.classic_cnn.layers import Conv2D, GlobalAveragePool, MaxPool2D, Resize2D
from src.classic_cnn.layers.zero_padding import ZeroPad2D
from src.classic_cnn.utils import padding_sides
from src.classic_nn.layers.base import TraceNode
from src.classic_nn.layers.instance_norm import InstanceNorm
from src.inference.glass.windows import geometry_of


class Field(NamedTuple):
    """Of a map, (vertical, horizontal) each.

    Attributes:
        start: first pixel that place 0 sees; below 0 in the padding.
        jump: pixels from one place to the next.
        size: pixels that a place sees.
    """

    start: tuple[float, float]
    jump: tuple[float, float]
    size: tuple[float, float]


def receptive_fields(nodes: Mapping[str, TraceNode]) -> dict[str, Field | None]:
    """By path of the node; None where a place sees everything, or there are no places.

    Args:
        nodes: of a trace, in order.
    """
    fields: dict[str, Field | None] = {}
    for path, node in nodes.items():
        if not node.inputs:
            whole = len(node.shape) == 3
            fields[path] = Field((0, 0), (1, 1), (1, 1)) if whole else None
            continue
        seen = [fields[source] for source in node.inputs]
        if node.operation == "Multiply":  # whose second input sees everything, in one number
            seen = seen[:1]
        if len(node.shape) != 3 or None in seen:
            fields[path] = None
            continue
        known = [field for field in seen if field is not None]
        fields[path] = _of_layer(node, nodes, _joined(known))
    return fields


def _joined(fields: list[Field]) -> Field:
    """What any of several fields sees; they have one jump."""
    starts = tuple(min(field.start[axis] for field in fields) for axis in (0, 1))
    ends = tuple(max(field.start[axis] + field.size[axis] for field in fields) for axis in (0, 1))
    sizes = (ends[0] - starts[0], ends[1] - starts[1])
    return Field((starts[0], starts[1]), fields[0].jump, sizes)


def _of_layer(node: TraceNode, nodes: Mapping[str, TraceNode], field: Field) -> Field | None:
    layer, image = node.layer, nodes[node.inputs[0]].shape[:2]
    if isinstance(layer, GlobalAveragePool | InstanceNorm):
        return None
    if isinstance(layer, ZeroPad2D):
        (top, _), (left, _) = padding_sides(layer.padding)
        return _moved(field, (top, left), (1, 1), (1, 1))
    if isinstance(layer, Conv2D | MaxPool2D):
        where = geometry_of(layer, (image[0], image[1]))
        effective = [d * (k - 1) + 1 for k, d in zip(where.kernel, where.dilation, strict=True)]
        before = (where.padding[0][0], where.padding[1][0])
        return _moved(field, before, (effective[0], effective[1]), where.stride)
    if isinstance(layer, Resize2D):  # between two pixels, at a place that is no whole number
        scale = (image[0] / node.shape[0], image[1] / node.shape[1])
        starts, jumps, sizes = [], [], []
        for axis in (0, 1):
            jump = field.jump[axis]
            starts.append(field.start[axis] + (scale[axis] / 2 - 1) * jump)
            jumps.append(scale[axis] * jump)
            sizes.append(field.size[axis] + jump)
        return Field((starts[0], starts[1]), (jumps[0], jumps[1]), (sizes[0], sizes[1]))
    return field


def _moved(
    field: Field, before: tuple[int, int], effective: tuple[int, int], stride: tuple[int, int]
) -> Field:
    starts = [field.start[a] - before[a] * field.jump[a] for a in (0, 1)]
    sizes = [field.size[a] + (effective[a] - 1) * field.jump[a] for a in (0, 1)]
    jumps = [field.jump[a] * stride[a] for a in (0, 1)]
    return Field((starts[0], starts[1]), (jumps[0], jumps[1]), (sizes[0], sizes[1]))

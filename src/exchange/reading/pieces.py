"""Slice and Split: some of the channels, or of the features."""

from src.classic_nn.layers import SliceChannels
from src.exchange.graph import Node
from src.exchange.reading.steps import Steps, Value, refused


def slice_(steps: Steps, node: Node) -> None:
    """Slice, its ends attributes once and inputs since."""
    x = steps.value(node)
    given = [node.attributes.get(name) for name in ("starts", "ends", "axes", "steps")]
    for position in range(1, len(node.inputs)):
        if node.inputs[position]:
            given[position - 1] = steps.needed(node, position).ravel().tolist()
    starts, ends, axes, strides = given
    if starts is None or ends is None or len(starts) != len(ends):
        raise refused(node, "expected as many starts as ends")
    axes = list(range(len(starts))) if axes is None else axes
    if strides is not None and any(step != 1 for step in strides):
        raise refused(node, "expected steps of 1")
    moved = [
        (int(axis) % x.axes, int(start), int(end))
        for axis, start, end in zip(axes, starts, ends, strict=False)
        if (start, end) != (0, end) or end < _length(x, int(axis) % x.axes)
    ]
    if not moved:
        steps.alias(node, x)
        return
    if len(moved) > 1 or moved[0][0] != x.channel_axis:
        raise refused(node, f"expected channels, or features, got axes {[one[0] for one in moved]}")
    start, stop, _ = slice(moved[0][1], moved[0][2]).indices(x.shape[-1])
    _part(steps, node, x, start, stop, node.outputs[0])


def split(steps: Steps, node: Node) -> None:
    """Split into parts of given sizes, or into equal ones."""
    x = steps.value(node)
    if int(node.attributes.get("axis", 0)) % x.axes != x.channel_axis:
        raise refused(node, "expected channels, or features, to be split")
    sizes = node.attributes.get("split")
    if len(node.inputs) > 1 and node.inputs[1]:
        sizes = steps.needed(node, 1).ravel().tolist()
    count = len(node.outputs)
    if "" in node.outputs:
        raise refused(node, "expected a name for each of its outputs")
    each = -(-x.shape[-1] // count)
    if sizes is None:
        sizes = [*[each] * (count - 1), x.shape[-1] - each * (count - 1)]
    if len(sizes) != count or sum(sizes) != x.shape[-1]:
        raise refused(node, f"{x.shape[-1]} channels cannot be split into {sizes}")
    start = 0
    for size, output in zip(sizes, node.outputs, strict=True):
        if steps.is_used(output):
            _part(steps, node, x, start, start + int(size), output)
        start += int(size)


def _length(x: Value, axis: int) -> int:
    """Of an axis of the tensor in the file; of samples, more than anybody asks for."""
    if axis == 0:
        return 1 << 31
    if axis == x.channel_axis:
        return x.shape[-1]
    pixels = [1, 2] if x.channels_last else [2, 3]
    return x.shape[pixels.index(axis)] if x.is_image else 1


def _part(steps: Steps, node: Node, x: Value, start: int, stop: int, output: str) -> None:
    if x.flat is not None:
        raise refused(node, "its features are images made flat, channels first")
    try:
        layer = SliceChannels(start, stop)
    except ValueError as error:
        raise refused(node, str(error)) from None
    steps.add(node._replace(outputs=(output,)), layer, x)

"""Operators that only change how values are seen."""

from math import prod

from src.classic_nn.layers import Flatten, ShuffleChannels
from src.exchange.graph import Node
from src.exchange.reading.constants import axes_of
from src.exchange.reading.steps import Steps, Value, refused


def nothing(steps: Steps, node: Node) -> None:
    """Identity, and Dropout in use."""
    if node.operator == "Dropout" and len(node.inputs) > 2:
        mode = steps.array(node, 2)
        if mode is not None and mode.any():
            raise refused(node, "it is in training mode: export the network for use")
    steps.alias(node, steps.value(node, in_rows=True))


def transpose(steps: Steps, node: Node) -> None:
    """Channels to the other side: no work, as ours stay last."""
    x = steps.value(node, in_rows=True)
    order = node.attributes.get("perm")
    order = list(reversed(range(x.axes))) if order is None else [int(axis) for axis in order]
    if x.rows is not None and order == [0, 2, 1, 3, 4]:
        steps.alias(node, x._replace(rows=(x.rows[0], not x.rows[1])))
    elif x.rows is not None:
        raise refused(node, f"expected rows of channels to be turned, got the order {order}")
    elif x.is_image and order == ([0, 3, 1, 2] if x.channels_last else [0, 2, 3, 1]):
        steps.alias(node, x._replace(channels_last=not x.channels_last))
    elif order == list(range(x.axes)):
        steps.alias(node, x)
    else:
        raise refused(
            node, f"expected channels to be moved to the other side, got the order {order}"
        )


def flatten(steps: Steps, node: Node) -> None:
    """Flatten."""
    x = steps.value(node)
    axis = int(node.attributes.get("axis", 1))
    if axis % x.axes != 1:
        raise refused(node, f"expected the axes of a sample to become one, got axis {axis}")
    _flat(steps, node, x)


def reshape(steps: Steps, node: Node) -> None:
    """Reshape of samples to features, or of features to maps of one pixel."""
    x = steps.value(node, in_rows=True)
    sizes = [int(size) for size in steps.needed(node, 1).ravel()]
    count = prod(x.shape)
    if not sizes or sizes[0] not in (-1, 0, 1):
        raise refused(node, f"from samples of shape {x.shape} to {sizes} is not supported")
    if x.is_image and not x.channels_last and len(sizes) in (4, 5):
        _rows(steps, node, x, sizes)
    elif len(sizes) == 2 and sizes[1] in (-1, count):
        _flat(steps, node, x)
    elif (
        len(sizes) > 2
        and not x.is_image
        and sizes[2:] == [1] * (len(sizes) - 2)
        and (sizes[1] in (-1, 0, count))
    ):
        steps.alias(node, x._replace(trailing_axes=len(sizes) - 2))
    else:
        raise refused(node, f"from samples of shape {x.shape} to {sizes} is not supported")


def _rows(steps: Steps, node: Node, x: Value, sizes: list[int]) -> None:
    """Channels in rows, and back: with the rows turned in between, a shuffle."""
    height, width, channels = x.shape
    pixels = [height, width]
    if x.rows is None and len(sizes) == 5 and sizes[3:] == pixels and sizes[1] > 0:
        if sizes[2] in (-1, channels // sizes[1]) and channels % sizes[1] == 0:
            steps.alias(node, x._replace(rows=(sizes[1], False)))
            return
    elif len(sizes) == 4 and sizes[1] in (-1, channels) and sizes[2:] == pixels:
        if x.rows is not None and x.rows[1]:
            steps.add(node, ShuffleChannels(x.rows[0]), x._replace(rows=None))
        else:
            steps.alias(node, x._replace(rows=None))
        return
    raise refused(node, f"from samples of shape {x.shape} to {sizes} is not supported")


def _flat(steps: Steps, node: Node, x: Value) -> None:
    """Samples as features; where the file's order is another one, the value remembers it."""
    if not x.is_image:
        steps.alias(node, x._replace(trailing_axes=0))
        return
    height, width, channels = x.shape
    made = steps.add(node, Flatten(), x)
    moved = not x.channels_last and height * width > 1 and channels > 1
    steps.values[made.name] = made._replace(flat=x.shape if moved else None)


def squeeze(steps: Steps, node: Node) -> None:
    """Axes of size 1 are dropped."""
    x = steps.value(node)
    axes = axes_of(node, steps.array(node, 1))
    wanted = list(range(2, x.axes))
    if axes is None and steps.graph.inputs[0].shape[0] == 1:
        raise refused(node, "it drops the axis of samples too, where there is one: name the axes")
    if x.is_image or (axes is not None and sorted(axis % x.axes for axis in axes) != wanted):
        raise refused(node, f"expected the axes of one pixel, got {axes}")
    steps.alias(node, x._replace(trailing_axes=0))


def unsqueeze(steps: Steps, node: Node) -> None:
    """Axes of size 1 behind features."""
    x = steps.value(node)
    axes = axes_of(node, steps.array(node, 1)) or []
    total = x.axes + len(axes)
    if x.is_image or sorted(axis % total for axis in axes) != list(range(x.axes, total)):
        raise refused(node, f"expected axes behind features, got {axes}")
    steps.alias(node, x._replace(trailing_axes=x.trailing_axes + len(axes)))

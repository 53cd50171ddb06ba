"""The operators of ONNX that are read, and what makes layers of them."""

from collections.abc import Callable
from typing import Any

from src.classic_nn.layers import (
    Clip,
    HardSigmoid,
    HardSwish,
    Layer,
    LeakyReLU,
    PReLU,
    ReLU,
    ReLU6,
    Sigmoid,
    Softmax,
    Tanh,
)
from src.exchange.graph import Node
from src.exchange.reading.pieces import slice_, split
from src.exchange.reading.products import (
    arithmetic,
    batch_normalization,
    concatenation,
    instance_normalization,
    local_response,
    matrix_product,
    per_channel,
    total,
)
from src.exchange.reading.shapes import flatten, nothing, reshape, squeeze, transpose, unsqueeze
from src.exchange.reading.steps import Steps, refused
from src.exchange.reading.windows import (
    convolution,
    global_average_pool,
    pad,
    pool,
    reduce_mean,
    resize,
)

Reading = Callable[[Steps, Node], None]


def activation(make: Callable[[Node], Layer]) -> Reading:
    """A layer on single numbers."""

    def read(steps: Steps, node: Node) -> None:
        steps.add(node, make(node), steps.value(node))

    return read


LARGEST = 3e38
"""An end of float32's range: beyond it nothing is cut off."""


def clip(steps: Steps, node: Node) -> None:
    """Clip, its ends attributes once and inputs since."""
    ends: list[float | None] = []
    for position, name in ((1, "min"), (2, "max")):
        found: Any = node.attributes.get(name)
        if len(node.inputs) > position and node.inputs[position]:
            found = steps.needed(node, position).item()
        is_none = found is None or (found <= -LARGEST if name == "min" else found >= LARGEST)
        ends.append(None if is_none else float(found))
    layers: dict[Any, Layer] = {(0.0, None): ReLU(), (0.0, 6.0): ReLU6()}
    steps.add(node, layers.get(tuple(ends)) or Clip(*ends), steps.value(node))


def prelu(steps: Steps, node: Node) -> None:
    """PRelu with a slope for each channel."""
    x = steps.value(node)
    slope = per_channel(node, steps.needed(node, 1), x)
    steps.add(node, PReLU(), x, {"slope": slope})


def softmax(steps: Steps, node: Node) -> None:
    """Softmax over features or channels."""
    x = steps.value(node)
    axis = int(node.attributes.get("axis", -1)) % x.axes
    if axis != x.channel_axis:
        raise refused(node, f"expected features, or channels, got axis {axis}")
    if x.is_image and steps.graph.opset < 13:  # over channels and pixels together
        raise refused(node, "a softmax of maps before version 13 is not supported")
    steps.add(node, Softmax(), x)


def cast(steps: Steps, node: Node) -> None:
    """Cast between types of floating point: all are float32 here."""
    if node.attributes["to"] not in FLOATING:
        raise refused(node, "expected a type of floating point")
    steps.alias(node, steps.value(node))


FLOATING = (1, 10, 11, 16)
"""ONNX's numbers of float32, float16, float64 and bfloat16."""

OPERATORS: dict[str, Reading] = {
    "Add": arithmetic,
    "AveragePool": pool,
    "BatchNormalization": batch_normalization,
    "Cast": cast,
    "Clip": clip,
    "Concat": concatenation,
    "Conv": convolution,
    "Div": arithmetic,
    "Dropout": nothing,
    "Flatten": flatten,
    "Gemm": matrix_product,
    "GlobalAveragePool": global_average_pool,
    "HardSigmoid": activation(
        lambda node: HardSigmoid(float(node.attributes["alpha"]), float(node.attributes["beta"]))
    ),
    "HardSwish": activation(lambda node: HardSwish()),
    "Identity": nothing,
    "InstanceNormalization": instance_normalization,
    "LRN": local_response,
    "LeakyRelu": activation(lambda node: LeakyReLU(float(node.attributes["alpha"]))),
    "MatMul": matrix_product,
    "MaxPool": pool,
    "Mul": arithmetic,
    "PRelu": prelu,
    "Pad": pad,
    "ReduceMean": reduce_mean,
    "Relu": activation(lambda node: ReLU()),
    "Reshape": reshape,
    "Resize": resize,
    "Sigmoid": activation(lambda node: Sigmoid()),
    "Slice": slice_,
    "Softmax": softmax,
    "Split": split,
    "Squeeze": squeeze,
    "Sub": arithmetic,
    "Sum": total,
    "Tanh": activation(lambda node: Tanh()),
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
}

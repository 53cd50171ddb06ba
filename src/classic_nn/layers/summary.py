"""A network as a table: what each layer outputs, what it stores and what it computes."""

from collections.abc import Sequence

import numpy as np

from src.classic_nn.array_types import Shape
from src.classic_nn.layers.base import Layer
from src.common.tables import format_table

HEADER = ("layer", "output shape", "parameters", "multiply-adds", "bytes")


def parameter_count(layer: Layer) -> int:
    """Number of a layer's parameters, trained or frozen."""
    return layer.parameters.vector.size + sum(array.size for array in layer.frozen.values())


def summary_table(layers: Sequence[Layer], input_shape: Shape) -> str:
    """Text table of built layers, one line each and one for the total.

    Shapes, multiply-adds and bytes are those of one sample in a forward pass; bytes are the
    layer's parameters plus its output. Where layers are frozen, a column says what is trained.
    """
    shapes: list[Shape] = []
    counts: list[tuple[int, ...]] = []
    itemsize = max((layer.parameters.vector.itemsize for layer in layers), default=4)
    for layer in layers:
        output_shape = layer.output_shape(input_shape)
        size = parameter_count(layer)
        stored = (size + int(np.prod(output_shape))) * itemsize
        shapes.append(output_shape)
        counts.append((size, layer.multiply_adds(input_shape), stored))
        input_shape = output_shape
    header: tuple[str, ...] = HEADER
    if any(layer.frozen for layer in layers):
        header = (*HEADER, "trained")
        counts = [
            (*row, layer.parameters.vector.size) for row, layer in zip(counts, layers, strict=True)
        ]
    totals = [sum(column) for column in zip(*counts, strict=True)]
    lines = [
        header,
        *(
            (layer.name, str(shape), *(f"{count:,}" for count in row))
            for layer, shape, row in zip(layers, shapes, counts, strict=True)
        ),
        ("total", "", *(f"{total:,}" for total in totals)),
    ]
    return format_table(lines, left_columns=2)

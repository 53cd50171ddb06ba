"""What a graph computes from constants alone, computed beforehand.

Exporters write a number as a chain of operators: a constant, its type changed, its shape changed.
Only operators that move values, or multiply by a scale, are computed here, and their results may
not grow beyond a few times what the file itself has: a short file can ask for any amount of memory.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.exchange.graph import Node, OnnxGraph
from src.load.errors import UnreadableDataError

Values = NDArray[Any]

GROWTH, LEAST = 8, 64 << 20
"""Bytes of results: this many times those of the file's arrays, or this many."""


def fold_constants(graph: OnnxGraph) -> OnnxGraph:
    """The graph with such nodes replaced by their values.

    Raises UnreadableDataError: they cannot be computed, or would take too much memory.
    """
    arrays = dict(graph.arrays)
    most = max(LEAST, GROWTH * sum(array.nbytes for array in arrays.values()))
    taken = 0
    nodes = []
    for node in graph.nodes:
        fold = FOLDED.get(node.operator)
        if fold is None or not all(name in arrays or not name for name in node.inputs):
            nodes.append(node)
            continue
        shown = f"{node.operator} ({node.name})"
        inputs = [arrays[name] for name in node.inputs if name]
        given = sum(x.nbytes for x in inputs)  # of one number, what it is once it is copied
        if given > most and node.operator != "Identity":
            raise UnreadableDataError(f"{shown}: its constants take more than {most:,} bytes")
        try:
            result = fold(node, inputs)
        except (ValueError, TypeError, IndexError, KeyError, OverflowError) as error:
            raise UnreadableDataError(f"{shown}: {error}") from None
        if not any(np.may_share_memory(result, x) for x in inputs) and (
            result.size < 2 or all(result.strides)  # else it is one number
        ):
            taken += result.nbytes
        if taken > most:
            raise UnreadableDataError(f"{shown}: its constants take more than {most:,} bytes")
        arrays[node.outputs[0]] = result
    return replace(graph, nodes=nodes, arrays=arrays)


def _constant(node: Node, inputs: list[Values]) -> Values:
    for name, value in node.attributes.items():
        if name == "value":
            return np.asarray(value)
        if name in ("value_float", "value_floats"):
            return np.asarray(value, np.float32)
        if name in ("value_int", "value_ints"):
            return np.asarray(value, np.int64)
    raise ValueError("expected a value of numbers")


def _of_shape(node: Node, inputs: list[Values]) -> Values:
    """One number, seen as often as a shape has places: it takes no memory until it is copied."""
    value = np.asarray(node.attributes.get("value", np.zeros(1, np.float32))).reshape(())
    shape = tuple(int(size) for size in inputs[0].ravel())
    if min(shape, default=0) < 0:
        raise ValueError(f"sizes must be 0 or more, got {list(shape)}")
    return np.broadcast_to(value, shape)


def _cast(node: Node, inputs: list[Values]) -> Values:
    from onnx import helper

    dtype = np.dtype(helper.tensor_dtype_to_np_dtype(node.attributes["to"]))
    if dtype.kind not in "fiub":
        raise ValueError(f"values of type {dtype} are not supported")
    return inputs[0].astype(np.float32 if dtype.kind == "f" else dtype)


def _reshape(node: Node, inputs: list[Values]) -> Values:
    x, sizes = inputs
    shape = [x.shape[k] if size == 0 else int(size) for k, size in enumerate(sizes)]
    return x.reshape(shape)


def _transpose(node: Node, inputs: list[Values]) -> Values:
    return np.ascontiguousarray(np.transpose(inputs[0], node.attributes.get("perm")))


def _squeeze(node: Node, inputs: list[Values]) -> Values:
    axes = axes_of(node, inputs[1] if len(inputs) > 1 else None)
    return np.squeeze(inputs[0], None if axes is None else tuple(axes))


def _unsqueeze(node: Node, inputs: list[Values]) -> Values:
    return np.expand_dims(
        inputs[0], tuple(axes_of(node, inputs[1] if len(inputs) > 1 else None) or ())
    )


def axes_of(node: Node, given: Values | None) -> list[int] | None:
    """Axes, an attribute once and an input since, which is given; None where a node has none."""
    if given is not None:
        return [int(axis) for axis in given.ravel()]
    axes = node.attributes.get("axes")
    return None if axes is None else [int(axis) for axis in axes]


def _concatenate(node: Node, inputs: list[Values]) -> Values:
    return np.concatenate([np.atleast_1d(x) for x in inputs], node.attributes["axis"])


def _dequantize(node: Node, inputs: list[Values]) -> Values:
    q, scale, *rest = inputs
    along = [1] * q.ndim
    if scale.ndim == 1 and scale.size > 1:
        along[node.attributes.get("axis", 1)] = -1
    elif scale.size != 1:
        raise ValueError("scales by blocks are not supported")
    zero_point = (
        rest[0].astype(np.float32).reshape(along)
        if rest and rest[0].size > 1
        else (float(rest[0].item()) if rest else 0.0)
    )
    return ((q.astype(np.float32) - zero_point) * scale.reshape(along)).astype(np.float32)


FOLDED: dict[str, Callable[[Node, list[Values]], Values]] = {
    "Cast": _cast,
    "Concat": _concatenate,
    "Constant": _constant,
    "ConstantOfShape": _of_shape,
    "DequantizeLinear": _dequantize,
    "Identity": lambda node, inputs: inputs[0],
    "Reshape": _reshape,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}

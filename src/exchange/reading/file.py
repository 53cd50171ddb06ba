"""A file of ONNX as a graph of plain records, checked before anything is made of it.

A file comes from anybody. So sizes are compared with the bytes that are there before memory is
taken, names must have been given before they are taken, data beside the file must lie in its
folder, and what is not understood is refused by its name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from src.exchange.graph import Node, OnnxGraph, Tensor
from src.exchange.reading.constants import fold_constants
from src.exchange.reading.tensors import array_of
from src.load.errors import UnreadableDataError

if TYPE_CHECKING:
    import onnx

OPSETS = (6, 26)
"""Oldest and newest version of the operators that are read."""

MOST_NODES = 20_000
"""Nodes of a graph, at most; the largest classifiers have some thousands."""


@dataclass(frozen=True)
class OnnxFile:
    """What a file holds.

    Attributes:
        path: of it.
        graph: its nodes and constants, those that can be computed beforehand folded.
        metadata: texts by key.
    """

    path: Path
    graph: OnnxGraph
    metadata: Mapping[str, str]


def read_file(path: Path) -> OnnxFile:
    """Read a file. Raises UnreadableDataError: it is missing, damaged, or holds what is refused."""
    try:
        return _read(path)
    except UnreadableDataError as error:
        raise UnreadableDataError(f"{path}: {error}") from None


def _read(path: Path) -> OnnxFile:
    model = _parsed(path)
    opset = _opset(model)
    if len(model.graph.node) > MOST_NODES:
        raise UnreadableDataError(
            f"it has {len(model.graph.node):,} nodes, expected {MOST_NODES:,} or fewer"
        )
    if model.functions:
        raise UnreadableDataError("it defines functions of its own, which are not supported")
    graph = OnnxGraph(opset=opset)
    _add_arrays(graph, model.graph, path)
    _add_ends(graph, model.graph)
    known = {*graph.arrays, *(tensor.name for tensor in graph.inputs)}
    for number, node in enumerate(model.graph.node):
        read = _node(node, number, opset, path)
        _check_wiring(read, known)
        graph.nodes.append(read)
    for tensor in graph.outputs:
        if tensor.name not in known:
            raise UnreadableDataError(f"nothing gives the output {tensor.name!r}")
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    return OnnxFile(path, fold_constants(graph), metadata)


def _parsed(path: Path) -> "onnx.ModelProto":
    import onnx
    from google.protobuf.message import DecodeError

    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableDataError(error.strerror or str(error)) from None
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except (DecodeError, RuntimeError, ValueError):
        raise UnreadableDataError("not an ONNX file, or not whole") from None
    if not model.HasField("graph") or not model.graph.node:
        raise UnreadableDataError("not an ONNX file, or not whole: it has no graph")
    return model


def _opset(model: "onnx.ModelProto") -> int:
    versions = [one.version for one in model.opset_import if one.domain in ("", "ai.onnx")]
    if not versions:
        raise UnreadableDataError("not whole: it names no version of ONNX's operators")
    opset = int(max(versions))
    if not OPSETS[0] <= opset <= OPSETS[1]:
        raise UnreadableDataError(
            f"its operators are of version {opset}; expected {OPSETS[0]} to {OPSETS[1]}"
        )
    return opset


def _add_arrays(graph: OnnxGraph, body: "onnx.GraphProto", path: Path) -> None:
    if body.sparse_initializer:
        raise UnreadableDataError("its sparse weights are not supported")
    for tensor in body.initializer:
        if tensor.name in graph.arrays:
            raise UnreadableDataError(f"two arrays are named {tensor.name!r}")
        graph.arrays[tensor.name] = array_of(tensor, path)


def _add_ends(graph: OnnxGraph, body: "onnx.GraphProto") -> None:
    graph.inputs += [_tensor(one) for one in body.input if one.name not in graph.arrays]
    graph.outputs += [_tensor(one) for one in body.output]
    for name, ends in (("input", graph.inputs), ("output", graph.outputs)):
        if len(ends) != 1:
            found = ", ".join(tensor.name for tensor in ends) or "none"
            raise UnreadableDataError(f"expected one {name}, found {found}")
    if graph.inputs[0].dtype.kind != "f":
        raise UnreadableDataError(
            f"{graph.inputs[0].name}: expected an input of floating point, got "
            f"{graph.inputs[0].dtype}"
        )


def _tensor(value: "onnx.ValueInfoProto") -> Tensor:
    from onnx import helper

    kind = value.type.tensor_type
    shape = tuple(
        axis.dim_value if axis.HasField("dim_value") else axis.dim_param or None
        for axis in kind.shape.dim
    )
    if kind.elem_type == 0:
        return Tensor(value.name, shape)
    try:
        dtype = np.dtype(helper.tensor_dtype_to_np_dtype(kind.elem_type))
    except KeyError:
        raise UnreadableDataError(f"{value.name}: unknown type {kind.elem_type}") from None
    return Tensor(value.name, shape, dtype)


def _node(node: "onnx.NodeProto", number: int, opset: int, path: Path) -> Node:
    name = node.name or (node.output[0] if node.output else f"number {number}")
    shown = f"{node.op_type} ({name})"
    if node.domain not in ("", "ai.onnx"):
        raise UnreadableDataError(f"{shown}: operators of {node.domain} are not supported")
    schema = _schema(node.op_type, opset, shown)
    for what, count, least, most in (
        ("inputs", len(node.input), schema.min_input, schema.max_input),
        ("outputs", len(node.output), schema.min_output, schema.max_output),
    ):
        if not least <= count <= most:
            raise UnreadableDataError(f"{shown}: expected {least} {what} or more, got {count}")
    attributes = _defaults(schema)
    for attribute in node.attribute:
        known = schema.attributes.get(attribute.name)
        if known is None or int(known.type.value) != attribute.type:
            raise UnreadableDataError(
                f"{shown}: its attribute {attribute.name!r} is not known, or of another type"
            )
        attributes[attribute.name] = _value(attribute, shown, path)
    missing = [k for k, one in schema.attributes.items() if one.required and k not in attributes]
    if missing:
        raise UnreadableDataError(f"{shown}: it lacks its attribute {missing[0]!r}")
    return Node(node.op_type, tuple(node.input), tuple(node.output), attributes, name)


def _schema(operator: str, opset: int, shown: str) -> "onnx.defs.OpSchema":
    import onnx

    try:
        return onnx.defs.get_schema(operator, opset, "")
    except onnx.defs.SchemaError:
        raise UnreadableDataError(f"{shown}: ONNX has no such operator") from None


def _defaults(schema: "onnx.defs.OpSchema") -> dict[str, Any]:
    """The attributes that an operator has where a node does not say, from the standard itself."""
    from onnx import helper

    return {
        name: helper.get_attribute_value(attribute.default_value)
        for name, attribute in schema.attributes.items()
        if attribute.default_value.type
    }


def _value(attribute: "onnx.AttributeProto", shown: str, path: Path) -> Any:
    from onnx import helper

    kind = attribute.type
    if kind in (attribute.GRAPH, attribute.GRAPHS):
        raise UnreadableDataError(f"{shown}: branches and loops are not supported")
    if kind == attribute.TENSOR:
        return array_of(attribute.t, path)
    if kind not in (
        *(attribute.FLOAT, attribute.INT, attribute.STRING),
        *(attribute.FLOATS, attribute.INTS, attribute.STRINGS),
    ):
        raise UnreadableDataError(f"{shown}: {attribute.name} is of a kind that is not supported")
    value = helper.get_attribute_value(attribute)
    return list(value) if isinstance(value, Iterable) and not isinstance(value, bytes) else value


def _check_wiring(node: Node, known: set[str]) -> None:
    """Every tensor is given before it is taken, and once."""
    shown = f"{node.operator} ({node.name})"
    for name in node.inputs:
        if name and name not in known:
            raise UnreadableDataError(f"{shown} takes {name!r}, which nothing before it gives")
    for name in node.outputs:
        if name and name in known:
            raise UnreadableDataError(f"{shown} gives {name!r}, which something else gives too")
        known.add(name)
    known.discard("")

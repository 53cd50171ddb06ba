"""Graphs and the files of ONNX (extra ``onnx``)."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from src.exchange.graph import Node, OnnxGraph, Tensor
from src.load.errors import UnreadableDataError

if TYPE_CHECKING:
    import onnx

MAX_INLINE_BYTES = (1 << 31) - (1 << 20)
"""Bytes of weights in a file of protobuf, which ends at 2 GiB; more of them stand beside it."""

OPSETS = (13, 21)
"""Oldest and newest version of ONNX's operators that files are written for: from 13 on weights may
have a scale for each channel."""

MISSING = "ONNX needs onnx and onnxruntime: pip install 'classic-nn[onnx]'"


def model_of(graph: OnnxGraph, metadata: Mapping[str, str]) -> "onnx.ModelProto":
    """A graph as ONNX's own object.

    Args:
        graph: to write.
        metadata: texts by key.
    """
    from onnx import helper, numpy_helper

    body = helper.make_graph(
        [_node(node) for node in graph.nodes],
        "classic-nn",
        [_value(tensor) for tensor in graph.inputs],
        [_value(tensor) for tensor in graph.outputs],
        [numpy_helper.from_array(array, name) for name, array in graph.arrays.items()],
    )
    opsets = [helper.make_opsetid("", graph.opset)]
    model = helper.make_model(
        body,
        opset_imports=opsets,
        ir_version=helper.find_min_ir_version_for(opsets),
        producer_name="classic-nn",
    )
    helper.set_model_props(model, dict(metadata))
    return model


def _node(node: Node) -> "onnx.NodeProto":
    from onnx import helper

    attributes = {
        name: helper.np_dtype_to_tensor_dtype(value) if isinstance(value, np.dtype) else value
        for name, value in node.attributes.items()
    }
    return helper.make_node(node.operator, node.inputs, node.outputs, node.name, **attributes)


def _value(tensor: Tensor) -> "onnx.ValueInfoProto":
    from onnx import helper

    kind = helper.np_dtype_to_tensor_dtype(tensor.dtype)
    return helper.make_tensor_value_info(tensor.name, kind, tensor.shape)


@contextmanager
def written(model: "onnx.ModelProto", path: Path, most: int = MAX_INLINE_BYTES) -> Iterator[Path]:
    """Write a file and check it; it takes its name where the block ends well.

    Args:
        model: to write.
        path: of the file; weights of more than ``most`` bytes go to PATH.data beside it.
        most: bytes of weights in the file itself.

    Yields the file in another folder, for those who try it first. Raises ValueError where the
    standard's checker refuses it.
    """
    with aside(model, path, most) as partial:
        yield partial
        for file in sorted(partial.parent.iterdir(), key=lambda file: file == partial):
            with open(file, "rb") as opened:
                os.fsync(opened.fileno())
            os.replace(file, path.parent / file.name)  # the one that names the other comes last


@contextmanager
def aside(model: "onnx.ModelProto", path: Path, most: int = MAX_INLINE_BYTES) -> Iterator[Path]:
    """The same, but the file is gone when the block ends."""
    import onnx

    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".", suffix=".partial", dir=path.parent) as folder:
        partial = Path(folder) / path.name
        if sum(len(array.raw_data) for array in model.graph.initializer) > most:
            beside = f"{path.name}.data"
            onnx.save_model(
                model, partial, save_as_external_data=True, location=beside, size_threshold=0
            )
        else:
            onnx.save_model(model, partial)
        try:
            onnx.checker.check_model(str(partial), full_check=True)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
            raise ValueError(f"ONNX's checker refuses the file: {error}") from None
        yield partial


def need_onnx() -> None:
    """Raise UnreadableDataError where ONNX's packages are missing."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise UnreadableDataError(f"{MISSING} ({error})") from None

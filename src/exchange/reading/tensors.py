"""The arrays of a file, checked before memory is taken for them."""

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from src.load.errors import UnreadableDataError

if TYPE_CHECKING:
    import onnx

EXTERNAL = 1
"""``data_location`` of a tensor whose values are in another file."""


def array_of(tensor: "onnx.TensorProto", path: Path) -> NDArray[Any]:
    """The values of a tensor. Raises UnreadableDataError where bytes and shape do not fit."""
    import onnx
    from onnx import helper, numpy_helper

    name = tensor.name or "a constant"
    shape = tuple(tensor.dims)
    try:
        dtype = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.data_type))
    except KeyError:
        raise UnreadableDataError(f"{name}: unknown type {tensor.data_type}") from None
    if dtype.kind not in "fiub":
        raise UnreadableDataError(f"{name}: values of type {dtype} are not supported")
    if any(size < 0 for size in shape):
        raise UnreadableDataError(f"{name}: sizes must be 0 or more, got {list(shape)}")
    whole = onnx.TensorProto()
    whole.CopyFrom(tensor)
    if tensor.data_location == EXTERNAL:
        whole.raw_data = _external(tensor, path, name)
        whole.ClearField("external_data")
        whole.ClearField("data_location")
    count = prod(shape)
    given = len(whole.raw_data) // dtype.itemsize or max(
        len(whole.float_data), len(whole.int32_data), len(whole.int64_data), len(whole.double_data)
    )
    if given != count:
        raise UnreadableDataError(
            f"{name}: its shape {list(shape)} needs {count:,} values, there are {given:,}"
        )
    try:
        values = np.array(numpy_helper.to_array(whole))
    except (ValueError, TypeError) as error:
        raise UnreadableDataError(f"{name}: {error}") from None
    return values.astype(np.float32) if dtype.kind == "f" else values


def _external(tensor: "onnx.TensorProto", path: Path, name: str) -> bytes:
    """Bytes of a tensor from another file in the same folder."""
    entries = {entry.key: entry.value for entry in tensor.external_data}
    location = Path(entries.get("location", ""))
    inside = {path.parent.resolve(), path.resolve().parent}
    target = path.parent / location
    if "\0" in str(location):
        raise UnreadableDataError(f"{name}: its data are said to be in {str(location)!r}")
    if location.is_absolute() or ".." in location.parts or not location.parts:
        raise UnreadableDataError(
            f"{name}: its data are said to be in {str(location)!r}, outside of the folder"
        )
    if not any(target.resolve().is_relative_to(folder) for folder in inside):
        raise UnreadableDataError(
            f"{name}: its data are said to be in {str(location)!r}, which leads out of the folder"
        )
    try:
        offset, size = int(entries.get("offset", 0)), target.stat().st_size
        length = int(entries.get("length", size - offset))
        if not target.is_file() or offset < 0 or length < 0 or offset + length > size:
            raise ValueError
        with open(target, "rb") as file:
            file.seek(offset)
            return file.read(length)
    except FileNotFoundError:
        raise UnreadableDataError(
            f"{name}: there is no {location}, where its data should be"
        ) from None
    except (OSError, ValueError):
        raise UnreadableDataError(
            f"{name}: its data are not in {location}, or not all of them"
        ) from None

"""Files of weights: arrays by name, whatever program wrote them. None is read by running code.

.safetensors   arrays, and text about them
.npz           NumPy's, without pickled objects
.h5            Keras' (extra "keras"); .weights.h5 of Keras 3 and .h5 of older ones
.pth, .pt      PyTorch's, by its own reader of plain tensors; where PyTorch is installed
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from src.load.errors import UnreadableDataError

FloatArray = NDArray[np.floating[Any]]


class WeightFile(NamedTuple):
    """Arrays by the names that the file has for them, and what it says of itself."""

    arrays: dict[str, NDArray[Any]]
    metadata: dict[str, str]


def read_weight_file(path: str | Path) -> WeightFile:
    """All arrays of a file of weights.

    Raises UnreadableDataError, in one line: missing, damaged, of another format, without arrays, or
    an extra is needed.
    """
    path = Path(path)
    if not path.is_file():
        raise UnreadableDataError(f"{path}: no such file")
    suffix = path.suffix.lower()
    if suffix not in READERS:
        known = " ".join(READERS)
        raise UnreadableDataError(f"{path}: expected a file of weights ({known})")
    file = READERS[suffix](path)
    if not file.arrays:
        raise UnreadableDataError(f"{path}: there are no arrays in it")
    return file


def _read_safetensors(path: Path) -> WeightFile:
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = dict(file.metadata() or {})
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, UnicodeDecodeError, TypeError) as error:
        raise UnreadableDataError(f"{path}: damaged or not a safetensors file ({error})") from None
    return WeightFile(_decoded(arrays, metadata, path), metadata)


def _decoded(
    arrays: dict[str, NDArray[Any]], metadata: Mapping[str, str], path: Path
) -> dict[str, NDArray[Any]]:
    """Values of arrays that are stored as codes of 8 bits: code * scale + least."""
    if "quantization" not in metadata:
        return arrays
    try:
        ranges = json.loads(metadata["quantization"])
        return {
            name: array * np.float32(ranges[name][0]) + np.float32(ranges[name][1])
            if name in ranges
            else array
            for name, array in arrays.items()
        }
    except (ValueError, TypeError, IndexError) as error:
        raise UnreadableDataError(
            f"{path}: expected scale and minimum of each array in its metadata: {error}"
        ) from None


def _read_npz(path: Path) -> WeightFile:
    try:
        with np.load(path, allow_pickle=False) as file:
            return WeightFile({name: file[name] for name in file.files}, {})
    except (ValueError, OSError, BadZipFile, EOFError) as error:
        raise UnreadableDataError(f"{path}: damaged, or holds objects ({error})") from None


def _read_h5(path: Path) -> WeightFile:
    try:
        import h5py
    except ImportError:
        raise UnreadableDataError(
            f"{path}: reading Keras' files needs h5py: pip install -e '.[keras]'"
        ) from None
    arrays: dict[str, NDArray[Any]] = {}
    try:
        with h5py.File(path, "r") as file:
            group = file.get("model_weights", file)  # of a whole model
            old = "layer_names" in group.attrs

            def visit(place: str, item: Any) -> None:
                if isinstance(item, h5py.Dataset) and item.dtype.kind in "fiu":
                    name = _old_name(place) if old else _new_name(place, item.parent)
                    arrays[place if name in arrays else name] = item[()]

            group.visititems(visit)
    except (OSError, KeyError, RuntimeError) as error:
        raise UnreadableDataError(f"{path}: damaged or not an HDF5 file ({error})") from None
    return WeightFile(_counted_from_one(arrays), {})


def _old_name(place: str) -> str:
    """The last layer and the array of "layer/.../layer/array:0", as "layer/array"."""
    *_, layer, array = f"/{place}".split("/")
    return f"{layer}/{array.partition(':')[0]}"


KERAS_ARRAYS = {
    **dict.fromkeys(("conv2d", "depthwise_conv2d", "dense"), ("kernel", "bias")),
    "batch_normalization": ("gamma", "beta", "moving_mean", "moving_variance"),
    "normalization": ("mean", "variance", "count"),
}
"""The arrays of Keras' layers, in the order in which Keras 3 numbers them."""


def _new_name(place: str, group: Any) -> str:
    """The layer and the array of "layers/conv2d_8/vars/0", as "conv1_conv/kernel".

    Keras 3 numbers the layers of a type and the arrays of a layer; the layer's name is an attribute
    of the group. The place itself where it is that of no layer's array, or has no such attribute.
    """
    match = re.fullmatch(r"(?:.*/)?layers/(\w+?)(?:_\d+)?/vars/(\d+)", place)
    if not match or "name" not in group.attrs:
        return place
    kind, number = match[1], int(match[2])
    arrays = KERAS_ARRAYS.get(kind, ())
    if kind == "batch_normalization":
        arrays = arrays[-len(group) :]  # gamma may be lacking
    return f"{group.attrs['name']}/{arrays[number]}" if number < len(arrays) else place


def _counted_from_one(arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The first convolution without a name of its own is conv2d_1, as in the files of Keras 1.

    Later ones count all that a process has made: conv2d, conv2d_1, ... or conv2d_94, conv2d_95, ...
    """
    layers = {name.partition("/")[0] for name in arrays}
    counted: dict[str, str] = {}
    for kind in ("conv2d", "batch_normalization"):
        found = [re.fullmatch(rf"{kind}(?:_(\d+))?", layer) for layer in layers]
        ordered = sorted((int(match[1] or 0), match[0]) for match in found if match)
        counted |= {layer: f"{kind}_{k}" for k, (_, layer) in enumerate(ordered, start=1)}
    parts = {name: name.partition("/") for name in arrays}
    return {
        counted.get(layer, layer) + slash + array: arrays[name]
        for name, (layer, slash, array) in parts.items()
    }


def _read_torch(path: Path) -> WeightFile:
    try:
        import torch
    except ImportError:
        raise UnreadableDataError(
            f"{path}: reading PyTorch's files needs PyTorch; install it (extra torch), or convert "
            "the file where it is: safetensors.torch.save_file(torch.load(PATH, "
            "weights_only=True), 'weights.safetensors')"
        ) from None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # of many kinds, by what is wrong
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnreadableDataError(f"{path}: damaged, or not plain tensors ({reason})") from None
    while isinstance(state, dict) and not any(torch.is_tensor(value) for value in state.values()):
        inner = [state[key] for key in ("state_dict", "model", "model_state_dict") if key in state]
        if not inner:
            break
        state = inner[0]
    if not isinstance(state, dict):
        raise UnreadableDataError(f"{path}: expected tensors by name, got a {type(state).__name__}")
    arrays = {
        str(name).removeprefix("module."): tensor.detach().float().numpy()
        if tensor.is_floating_point()
        else tensor.numpy()
        for name, tensor in state.items()
        if torch.is_tensor(tensor)
    }
    return WeightFile(arrays, {})


READERS: dict[str, Callable[[Path], WeightFile]] = {
    ".safetensors": _read_safetensors,
    ".npz": _read_npz,
    ".h5": _read_h5,
    ".hdf5": _read_h5,
    ".pth": _read_torch,
    ".pt": _read_torch,
}
"""Readers by the end of the file's name."""

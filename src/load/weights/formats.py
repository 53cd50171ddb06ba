"""Files of weights: arrays by name, whatever program wrote them. None is read by running code.

.safetensors   arrays, and text about them
.npz           NumPy's, without pickled objects
.h5            Keras' (extra "keras"); .weights.h5 of Keras 3 and .h5 of older ones
.pth, .pt      PyTorch's, by its own reader of plain tensors; where PyTorch is installed
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from src.load.errors import UnreadableDataError
from src.load.weights.keras_file import read_keras_file

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
        file = np.load(path, allow_pickle=False)
        if isinstance(file, np.ndarray):
            raise UnreadableDataError(f"{path}: one array without a name, expected several")
        with file:
            return WeightFile({name: file[name] for name in file.files}, {})
    except UnreadableDataError:
        raise
    except (ValueError, OSError, BadZipFile, EOFError) as error:
        raise UnreadableDataError(f"{path}: damaged, or holds objects ({error})") from None


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


def _read_h5(path: Path) -> WeightFile:
    return WeightFile(read_keras_file(path), {})


READERS: dict[str, Callable[[Path], WeightFile]] = {
    ".safetensors": _read_safetensors,
    ".npz": _read_npz,
    ".h5": _read_h5,
    ".hdf5": _read_h5,
    ".pth": _read_torch,
    ".pt": _read_torch,
}
"""Readers by the end of the file's name."""

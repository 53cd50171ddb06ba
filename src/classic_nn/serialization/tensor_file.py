"""Arrays and metadata about them in one file, written whole or not at all, and checked when read.

The file is a .safetensors file: arrays by name, and one JSON text in its metadata. Reading it
runs no code, unlike pickle. The metadata also hold the format version and a SHA-256 of
everything else, so a changed byte is found even where the file still parses.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from src.common.files import atomic_path

FORMAT_VERSION = 2
"""Version 1 had the JSON text under another key."""


class TensorFileError(ValueError):
    """A file that cannot be read as what it should be; the text names the file and the cause."""


def write_tensor_file(
    path: str | Path, arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, Any]
) -> None:
    """Write arrays and JSON-able metadata, replacing the file in one step (see ``atomic_path``).

    Raises:
        OSError: the folder cannot be written to, or the disk is full; the old file stays.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(metadata, sort_keys=True)
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    metadata = {
        "format_version": str(FORMAT_VERSION),
        "metadata": text,
        "sha256": _digest(whole, text),
    }
    with atomic_path(path) as partial:
        try:
            save_file(whole, partial, metadata)
        except SafetensorError as error:
            raise OSError(f"cannot write {path}: {error}") from None


def read_tensor_file(path: str | Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Read what ``write_tensor_file`` wrote: arrays and metadata.

    Raises:
        TensorFileError: the file is missing, truncated, changed, not of this format, or written
            by a newer version.
    """
    path = Path(path)
    if not path.is_file():
        raise TensorFileError(f"{path}: no such file")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            version = metadata.get("format_version", "")
            if not version.isdigit():
                raise TensorFileError(f"{path}: a safetensors file, but not one of classic-nn")
            if int(version) > FORMAT_VERSION:
                raise TensorFileError(
                    f"{path}: format version {version} is newer than this program's "
                    f"{FORMAT_VERSION}; update classic-nn to read it"
                )
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, UnicodeDecodeError) as error:
        raise TensorFileError(f"{path}: damaged or not a safetensors file ({error})") from None
    text = metadata.get("metadata", "")
    if version == "1":  # there the text was the one entry of another name
        own = {"format_version", "sha256"}
        text = next((entry for name, entry in metadata.items() if name not in own), "")
    if metadata.get("sha256") != _digest(arrays, text):
        raise TensorFileError(
            f"{path}: the checksum does not fit the contents: the file was changed"
        )
    return arrays, json.loads(text)


def _digest(arrays: Mapping[str, NDArray[Any]], text: str) -> str:
    """SHA-256 over the metadata and, by name, each array's name, type, shape and bytes."""
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()

"""Weights in Keras' files: .weights.h5 of Keras 3, and .h5 of it and of older ones."""

import re
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from src.load.errors import UnreadableDataError


def read_keras_file(path: Path) -> dict[str, NDArray[Any]]:
    """Arrays by Keras' names, "layer/array"; raises UnreadableDataError, in one line."""
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
    return _counted_from_one(arrays)


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

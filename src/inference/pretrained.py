"""Pretrained networks: an architecture joined with weights that were published for it."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from src.classic_cnn.architectures import ARCHITECTURES, create_network
from src.classic_cnn.fold_batch_norm import without_batch_norm
from src.classic_nn import Dense, Layer, Sequential
from src.classic_nn.array_types import Array
from src.classic_nn.layers.registry import layer_from_config
from src.classic_nn.serialization import SavedModel, arrays_digest
from src.common.lookup import lookup
from src.load.errors import UnreadableDataError
from src.load.transforms import transform_config
from src.load.weights import (
    LAYOUTS,
    PUBLISHED,
    Assigned,
    WeightFile,
    assign,
    fetched_path,
    find_layout,
    imagenet_classes,
    local_weights,
    preprocessing,
    read_weight_file,
)

HEADS = ("head.", "dropout")
"""Beginnings of the paths of what stands behind the features."""

FEATURES = "features"
"""Task of a network that ends with features instead of answers."""


def pretrained_network(
    name: str,
    weights: str | Path = "imagenet",
    classes: int | None = None,
    *,
    head: bool = True,
    until: str | None = None,
    pixels: int | None = None,
    layout: str | None = None,
    scaling: str | None = None,
    rng: np.random.Generator | None = None,
) -> SavedModel:
    """A network with published weights, its preprocessing and the names of its classes.

    Args:
        name: of the architecture, see ``classic_cnn.architectures.ARCHITECTURES``.
        weights: "imagenet", those that were fetched or stand in CLASSIC_NN_WEIGHTS; or a file.
        classes: of a new head, a dense layer; None for the head that the file has.
        head: False for a network that ends with the features.
        until: name of the last stage to keep, for a file that has no more, or for features of an
            earlier stage: the means of its maps.
        pixels: height and width of images; those that the architecture was published for if None.
        layout: of the file, one of ``load.weights.LAYOUTS[name]``; found by its names if None.
        scaling: of images, one of ``load.weights.PREPROCESSING``; that of the layout if None.
        rng: draws the new head.

    Returns:
        Network, class names, preprocessing; ``data`` says where the weights are from.

    Raises:
        ValueError: an unknown name; images smaller than the network's least size.
        UnreadableDataError: no weights, or the file does not fit the network; in one line.
    """
    if classes is not None and not head:
        raise ValueError("classes are those of a head, and head=False leaves it out")
    pixels = pixels or lookup("architecture", name, ARCHITECTURES).pixels
    path = local_weights(name) if str(weights) == "imagenet" else Path(weights)
    file = read_weight_file(path)
    if not layout and path.resolve() == fetched_path(name).resolve():
        layout = fetched_layout(name, file)
    ours = array_names(name)
    chosen = layout or find_layout(name, ours, file, str(path))
    arrangement = lookup("layout", chosen, LAYOUTS[name])
    settings = arrangement.settings
    theirs = arrangement.names(ours)
    outputs = _outputs(file, theirs)
    own_head = head and classes is None and until is None and outputs is not None
    network = create_network(name, outputs if own_head else None, **settings)
    if not _has_batch_norm(file, theirs) and _has_conv_bias(file, theirs):
        network = without_batch_norm(network)
    network = _until(network, until)
    if head and classes is not None:
        network = with_dense_head(network, classes)
    network.build((pixels, pixels, 3), rng)
    needed = {
        key: array.shape
        for key, array in needed_arrays(network).items()
        if own_head or not key.startswith(HEADS)
    }
    assigned = assign(arrangement, needed, file, str(path))
    _check_complete(network, assigned, str(path), until)
    load_arrays(network, assigned.arrays)
    transform = preprocessing(scaling or arrangement.preprocessing, pixels)
    return SavedModel(
        network,
        "multi_class" if own_head or classes is not None else FEATURES,
        _class_names(outputs) if own_head else [],
        {"input": "photos", "transform": transform_config(transform)},
        data={"weights": _source(name, path, chosen, file, assigned, until)},
    )


def fetched_layout(name: str, file: WeightFile) -> str | None:
    """The layout of this architecture's published weights, if the file may be theirs."""
    published = PUBLISHED.get(name)
    if published is None:
        return None
    names = LAYOUTS[name][published.layout].names(array_names(name))
    return published.layout if set(names.values()) <= file.arrays.keys() else None


def array_names(name: str) -> list[str]:
    """Names of all arrays of an architecture with its own head."""
    network = create_network(name)
    for pixels in (32, ARCHITECTURES[name].pixels):  # of small images VGG's head is small
        with contextlib.suppress(ValueError):
            network.build((pixels, pixels, 3), None)
            break
    return list(needed_arrays(network))


def needed_arrays(network: Sequential) -> dict[str, Array]:
    """All arrays that a network computes with, by name: views."""
    return {**network.parameters, **network.frozen, **network.buffers}


def load_arrays(network: Sequential, arrays: Mapping[str, Array]) -> None:
    """Copy values into the arrays of a network."""
    own = needed_arrays(network)
    for name, array in arrays.items():
        own[name][...] = array


def with_dense_head(features: Sequential, classes: int) -> Sequential:
    """A network, not built, of the layers of another one and a dense layer, called "head"."""
    return Sequential({**new_layers(features), "head": Dense(classes, initialization="lecun")})


def new_layers(network: Sequential) -> dict[str, Layer]:
    """Layers like those of a network, by name: not built, and free to go into another network."""
    copied = layer_from_config(network.config())  # gone on return, and its claim to the layers
    assert isinstance(copied, Sequential)
    return {layer.name: layer for layer in copied.layers}


def _until(network: Sequential, stage: str | None) -> Sequential:
    """The network, not built, up to a stage, and the means of the maps there."""
    if stage is None:
        return network
    names = [layer.name for layer in network.layers if layer.name not in ("pool", "head")]
    lookup("stage", stage, dict.fromkeys(names))
    kept = [*names[: names.index(stage) + 1], "pool"]
    layers = new_layers(network)
    return Sequential({name: layers[name] for name in layers if name in kept})


def _outputs(file: WeightFile, theirs: Mapping[str, str]) -> int | None:
    """Number of classes of the file's own head; None where it has none, or not all of it."""
    ends = [name for name in theirs if name.startswith("head.")]
    if not ends or any(theirs[name] not in file.arrays for name in ends):
        return None
    return len(file.arrays[theirs[ends[-1]]])


def _has_batch_norm(file: WeightFile, theirs: Mapping[str, str]) -> bool:
    return any(
        their in file.arrays for name, their in theirs.items() if name.endswith("running_mean")
    )


def _has_conv_bias(file: WeightFile, theirs: Mapping[str, str]) -> bool:
    """Whether the first convolution has a bias, by the name that its kernel has."""
    first = next(iter(theirs.values()))
    ends = {".weight": ".bias", "_weight": "_bias", "/kernel": "/bias"}
    return any(first.replace(end, other) in file.arrays for end, other in ends.items())


def _check_complete(network: Sequential, assigned: Assigned, path: str, until: str | None) -> None:
    """Raise UnreadableDataError where arrays are missing; name the last stage that is complete."""
    if not assigned.missing:
        return
    lacking = {name.partition(".")[0] for name in assigned.missing}
    stages = [layer.name for layer in network.layers]
    first = min(stages.index(name) for name in lacking)
    some = ", ".join(assigned.missing[:3]) + ", ..." * (len(assigned.missing) > 3)
    with_arrays = [n for n in stages[:first] if any(k.startswith(n) for k in assigned.arrays)]
    hint = f"; it is complete up to {with_arrays[-1]} (until=)" if with_arrays else ""
    raise UnreadableDataError(
        f"{path}: {len(assigned.missing)} arrays of the network are missing in it ({some}){hint}"
    )


def _class_names(outputs: int | None) -> list[str]:
    """ImageNet's, where there are as many; with 1001, the first stands for the background."""
    names = imagenet_classes()
    if outputs == len(names) + 1:
        return ["background", *names]
    return names if outputs == len(names) else []


def _source(
    name: str, path: Path, layout: str, file: WeightFile, assigned: Assigned, until: str | None
) -> dict[str, Any]:
    """Where weights are from, and what of their file was not used."""
    said = {key: file.metadata[key] for key in ("source", "licence") if key in file.metadata}
    found: dict[str, Any] = {
        "architecture": name,
        "file": path.name,
        "layout": layout,
        "digest": arrays_digest(assigned.arrays),
        "left_over": [] if until else assigned.left_over,
    }
    return found | said

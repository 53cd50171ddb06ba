"""A trained network in one file: architecture, weights, and what is needed to use it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.layers.container import Container
from src.classic_nn.layers.registry import layer_from_config
from src.classic_nn.serialization.network_arrays import load_network_arrays, network_arrays
from src.classic_nn.serialization.tensor_file import (
    TensorFileError,
    read_tensor_file,
    write_tensor_file,
)

PHOTOS = "photos/"
"""What the names of the arrays of ``photo_digests`` begin with."""

CLASS_MEANS = "class_means"
"""Name of the array of class means."""


@dataclass
class SavedModel:
    """A network and what belongs to it.

    Attributes:
        network: built, with its weights and running statistics.
        task: how to read its outputs: "binary" or "multi_label" (sigmoid), "multi_class" (softmax)
            or "regression".
        class_names: one name per output; of a binary model perhaps two, for no and for yes.
        preprocessing: what was done to the inputs before they reached the network.
        metrics: how well it did on the test data.
        threshold: probability from which on a label is given.
        temperature: what logits are divided by before they become probabilities (Guo et al. 2017).
        reject_below: probability of the answer below which it is not given; 0 to give all.
        class_means: (classes, features), of the training samples in front of the last layer; None
            where nobody has computed them.
        data: what it was trained on: description, fingerprint, numbers of samples.
        photo_digests: of the photos of each split that training has seen, the first 64 bits of
            the SHA-256 of their pixels, (photos,); empty where it was not trained on photos.
    """

    network: Container
    task: str = "multi_label"
    class_names: Sequence[str] = ()
    preprocessing: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    threshold: float = 0.5
    temperature: float = 1.0
    reject_below: float = 0.0
    class_means: NDArray[Any] | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    photo_digests: Mapping[str, NDArray[np.uint64]] = field(default_factory=dict)


def save_model(path: str | Path, model: SavedModel) -> None:
    """Write a model to a .safetensors file, whole or not at all.

    Raises:
        ValueError: the network is not built.
        OSError: the file cannot be written; an older one of that name stays.
    """
    network = model.network
    if network.input_shape is None:
        raise ValueError(f"{network.name} has no parameters yet: call build(input_shape, rng)")
    metadata = {
        "kind": "model",
        "architecture": network.config(),
        "input_shape": list(network.input_shape),
        "dtype": network.parameters.vector.dtype.name,
        "task": model.task,
        "class_names": list(model.class_names),
        "preprocessing": dict(model.preprocessing),
        "metrics": {name: float(value) for name, value in model.metrics.items()},
        "threshold": float(model.threshold),
        "temperature": float(model.temperature),
        "reject_below": float(model.reject_below),
        "data": dict(model.data),
    }
    arrays: dict[str, NDArray[Any]] = dict(network_arrays(network))
    arrays |= {f"{PHOTOS}{split}": digests for split, digests in model.photo_digests.items()}
    if model.class_means is not None:
        arrays[CLASS_MEANS] = model.class_means
    write_tensor_file(path, arrays, metadata)


def load_model(path: str | Path) -> SavedModel:
    """Read a model that ``save_model`` wrote.

    Raises:
        TensorFileError: the file is missing, damaged, changed, newer, or holds no model; the one
            line names file and cause.
    """
    arrays, metadata = read_tensor_file(path)
    if metadata.get("kind") != "model":
        raise TensorFileError(f"{path}: holds a {metadata.get('kind')}, expected a model")
    try:
        network = layer_from_config(metadata["architecture"])
        if not isinstance(network, Container):
            raise ValueError(f"{type(network).__name__} is a layer, expected a network")
        network.build(tuple(metadata["input_shape"]), None, metadata["dtype"])
        load_network_arrays(network, arrays)
        return SavedModel(
            network,
            metadata["task"],
            metadata["class_names"],
            metadata["preprocessing"],
            metadata["metrics"],
            metadata.get("threshold", 0.5),  # models of older versions have none of these
            metadata.get("temperature", 1.0),
            metadata.get("reject_below", 0.0),
            arrays.get(CLASS_MEANS),
            metadata.get("data", {}),
            {k.removeprefix(PHOTOS): v for k, v in arrays.items() if k.startswith(PHOTOS)},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TensorFileError(f"{path}: weights and architecture do not fit: {error}") from None

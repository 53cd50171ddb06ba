"""What a model is besides its network, as ONNX's metadata: texts by key, each of them JSON."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from src.classic_nn.serialization import SavedModel

FIELDS = (
    *("task", "class_names", "preprocessing", "metrics", "threshold", "temperature"),
    *("reject_below", "data"),
)
"""Attributes of ``SavedModel`` that a file keeps under their names."""


PROBABILITIES = "probabilities"
"""Name of an output after softmax or sigmoid."""


def metadata_texts(model: SavedModel, **more: Any) -> dict[str, str]:
    """The texts of a model.

    Args:
        model: to describe.
        more: what else to say.

    >>> from src.classic_nn import Dense, Sequential
    >>> model = SavedModel(Sequential([Dense(2)]), "multi_class", ["cat", "dog"])
    >>> texts = metadata_texts(model, layout="nchw")
    >>> texts["class_names"], texts["layout"]
    ('["cat", "dog"]', '"nchw"')
    """
    values = {name: getattr(model, name) for name in FIELDS} | more
    weights = model.data.get("weights")
    if isinstance(weights, Mapping) and "licence" in weights:
        values["licence"] = weights["licence"]
    return {
        name: json.dumps(value, sort_keys=True, default=np.generic.item)
        for name, value in values.items()
    }

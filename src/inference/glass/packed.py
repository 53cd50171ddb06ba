"""Opened numbers and arrays in plain values, as JSON holds them."""

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from src.inference.glass.opened import Opened

LARGEST = 10
"""Terms of a sum that are named one by one."""


def opened_values(opened: Opened) -> dict[str, Any]:
    """An opened number in plain values, with the places of its largest terms, and the rest."""
    source, products = opened.source, opened.products
    order = np.argsort(-np.abs(products), axis=None, kind="stable")[:LARGEST]
    largest = [np.unravel_index(k, products.shape) for k in order] if opened.factors else []
    return {
        "formula": opened.formula,
        "value": opened.value,
        "total": opened.total,
        "names": list(opened.names),
        "factors": [np.array(factor, np.float32) for factor in opened.factors],
        "products": np.asarray(products, np.float32),
        "largest": [[int(k) for k in place] for place in largest],
        "rest": float(products.sum() - sum(products[place] for place in largest))
        if np.isfinite(products).all()
        else 0.0,
        "addends": [list(addend) for addend in opened.addends],
        "steps": [list(step) for step in opened.steps],
        "winner": None if opened.winner is None else list(opened.winner),
        "source": None
        if source is None
        else {
            "path": source.path,
            "start": [int(k) for k in source.start],
            "step": [int(k) for k in source.step],
            "shape": [int(k) for k in source.shape],
        },
        "others": [opened_values(other) for other in opened.others],
    }


def as_json(value: Any) -> Any:
    """Values as JSON holds them; an array becomes its type, shape, and bytes in base64."""
    if isinstance(value, Mapping):
        return {key: as_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(inner) for inner in value]
    if isinstance(value, np.ndarray):
        kind = "u1" if value.dtype == np.uint8 else "i4" if value.dtype.kind in "iu" else "f4"
        array = np.ascontiguousarray(value, dtype=f"<{kind}")
        content = base64.b64encode(array.tobytes()).decode("ascii")
        return {"type": kind, "shape": list(array.shape), "data": content}
    if isinstance(value, np.generic):
        return value.item()
    return value

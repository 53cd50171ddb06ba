"""A model's card: what it was trained on, and how well it did, from its file and its run.

Figures are those that training has written beside the model (``evaluation.json``,
``metrics.json``), on photos that the model has not seen; nothing is computed here. A model that was
moved away from its run has the figures of its own file alone.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from src.classic_nn.layers.trace import trace_network
from src.classic_nn.serialization import SavedModel
from src.common.files import finite
from src.inference.classifier import Classifier
from src.inference.explain.methods import suits
from src.inference.explain_settings import BASELINES, METHOD_NAMES

NEEDS_OTHERS = "average"
"""The baseline that needs other photos, which a server has not."""

MOST_BYTES = 16 << 20
"""Of a file beside the model that is read."""


def describe(name: str, path: Path, classifier: Classifier) -> dict[str, Any]:
    """What ``/models`` says of a model.

    Args:
        name: by which it is asked for.
        path: of its file.
        classifier: that was read from it.
    """
    model, network = classifier.model, classifier.model.network
    multi_class = model.task == "multi_class"
    card = {
        "name": name,
        "task": model.task,
        "classes": list(classifier.classes),
        "input_shape": list(classifier.input_shape),
        "threshold": None if multi_class else classifier.threshold,
        "reject_below": classifier.reject_below,
        "temperature": model.temperature,
        "parameters": sum(
            array.size for array in {**network.frozen, **network.parameters}.values()
        ),
        "layers": len(trace_network(network)),
        "multiply_adds": network.multiply_adds(classifier.input_shape),
        "methods": [m for m in METHOD_NAMES if not suits(m, network, None)],
        "baselines": [b for b in BASELINES if b != NEEDS_OTHERS],
        "trained_on": _trained_on(dict(model.data)),
        "metrics": dict(model.metrics),
        "evaluation": _evaluation(path, model, classifier.classes),
    }
    found: dict[str, Any] = finite(card)
    return found


def _trained_on(data: dict[str, Any]) -> dict[str, Any]:
    """Description, numbers of samples by split, fingerprint, and the weights that it began with."""
    weights = data.get("weights") or {}
    return {
        "description": data.get("description") or "",
        "samples": data.get("samples") or {},
        "sha256": data.get("sha256") or "",
        "weights": {k: weights[k] for k in ("architecture", "source", "licence") if k in weights},
    }


def _evaluation(path: Path, model: SavedModel, classes: Sequence[str]) -> dict[str, Any] | None:
    """That of the test data in the model's run; None where it has none, or that of another model.

    Training puts the same figures into the model's file and beside it: where they differ, one of
    the two was put there later.
    """
    path = path.resolve()
    found = _read(path.parent / "evaluation.json")
    if path.name != "model.safetensors" or found is None:
        return None
    summary, by_class = found.get("summary"), found.get("classes")
    if not isinstance(summary, dict) or not isinstance(by_class, dict):
        return None
    shared = set(summary) & set(model.metrics)
    same = all(_equal(summary[name], model.metrics[name]) for name in shared)
    if not shared or not same or not set(by_class) <= set(classes):
        return None
    keys = ("samples", "summary", "right", "macro", "classes", "confusion_matrix", "threshold")
    return {key: found[key] for key in keys if key in found}


def _equal(one: Any, other: float) -> bool:
    return isinstance(one, int | float) and math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None  # a card without figures is no reason not to serve
    return found if isinstance(found, dict) else None

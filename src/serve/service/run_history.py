"""What the run of a model has left beside it: models of epochs, and how training went."""

import csv
import json
import re
from pathlib import Path
from typing import Any

MOST_BYTES = 16 << 20
"""Of a file beside the model that is read."""

CURVES = ("cost", "validation_cost", "accuracy", "exact_match", "micro_f1", "learning_rate")
"""Columns of ``epochs.csv`` that are drawn."""


def epochs_of(model: Path) -> dict[int, Path]:
    """Models of saved epochs (``--save-every``) of the run that a model belongs to, in order."""
    found = {}
    for path in model.parent.glob("epochs/epoch-*.safetensors"):
        match = re.fullmatch(r"epoch-(\d{4,9})\.safetensors", path.name)
        if match:
            found[int(match[1])] = path
    return dict(sorted(found.items()))


def history_of(model: Path) -> dict[str, Any]:
    """Curves by name, with the epochs, and what the diagnosis found; empty where nothing is."""
    curves: dict[str, list[tuple[int, float]]] = {}
    for row in _rows(model.parent / "epochs.csv"):
        try:
            epoch = int(float(row["epoch"]))
            for name in CURVES:
                if row.get(name):
                    curves.setdefault(name, []).append((epoch, float(row[name])))
        except (KeyError, ValueError):
            return {"curves": {}, "findings": []}
    findings = []
    for text in _findings(model.parent / "metrics.json"):
        match = re.match(r"epoch (\d+)", text)
        findings.append({"epoch": int(match[1]) if match else None, "text": text})
    return {"curves": curves, "findings": findings}


def _rows(path: Path) -> list[dict[str, str]]:
    text = _text(path)
    return list(csv.DictReader(text.splitlines())) if text else []


def _findings(path: Path) -> list[str]:
    try:
        found = json.loads(_text(path) or "{}").get("findings", [])
    except (ValueError, AttributeError, RecursionError):
        return []
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8") if path.stat().st_size <= MOST_BYTES else ""
    except (OSError, UnicodeDecodeError):
        return ""

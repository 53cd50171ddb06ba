"""Explanations on disk: a picture, the values and the figures of each image."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from src.classic_nn.utils.plots import save_figure
from src.common.files import atomic_path, safe_file_name, write_json
from src.inference.explain.drawing import Pictures, draw_sheet
from src.inference.explain.explainer import Explanation
from src.inference.explain.methods import ADD_UP


def save_explanations(
    explanations: Sequence[Explanation], directory: Path, pictures: Pictures | None
) -> Path:
    """Write NAME.png, NAME.npz and NAME.json of one image; returns the path of the picture.

    The .npz has the prepared input ``x`` and the raw values of each method by its name; the .json
    what was explained, scores, and what each method says of its own accuracy.

    Args:
        explanations: of one image, one or more of them without error.
        directory: where to; it is made.
        pictures: shows inputs to people; None for feature vectors.
    """
    found = [explanation for explanation in explanations if not explanation.error]
    first = found[0]
    base = directory / file_name(first.name)
    levels = None if pictures is None else pictures.levels(first.x)
    picture = base.with_name(f"{base.name}.png")
    save_figure(draw_sheet(found, levels, first.name), picture)
    arrays: dict[str, Any] = {explanation.method: explanation.values for explanation in found}
    with atomic_path(base.with_name(f"{base.name}.npz")) as partial:
        np.savez_compressed(partial, x=first.x, **arrays)
    write_json(base.with_name(f"{base.name}.json"), explanation_values(explanations))
    return picture


def explanation_values(explanations: Sequence[Explanation]) -> dict[str, Any]:
    """What the .json of an image holds."""
    first = next(explanation for explanation in explanations if not explanation.error)
    return {
        "image": first.name,
        "explained": first.target,
        "probability": first.probability,
        "logit": first.score,
        "baseline_logit": first.baseline_score,
        "methods": {
            e.method: {"error": e.error}
            if e.error
            else {**({"sum": float(e.values.sum())} if e.method in ADD_UP else {}), **e.figures}
            for e in explanations
        },
    }


def file_name(name: str) -> str:
    """A name for the files of an image: its own, and some letters that tell it from others.

    >>> file_name("plates/a.jpg").startswith("a-")
    True
    """
    digest = hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()[:6]
    return f"{safe_file_name(Path(name).stem)}-{digest}"

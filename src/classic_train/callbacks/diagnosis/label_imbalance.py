"""Rare classes: the one problem that is there before training."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_train.callbacks.diagnosis.finding import Finding

RARE, RARE_SAMPLES = 0.1, 0.01
"""A class with less than a tenth of the largest one's samples is rare; so is a label that less
than one sample in a hundred has (or has not)."""

NAMED = 3
"""Rare classes that are named."""


def label_imbalance(targets: NDArray[Any], class_names: Sequence[str]) -> list[Finding]:
    """Classes of which there are few training samples; compared to those of which there are many.

    Args:
        targets: (samples,) class numbers, (samples, 1) of 0 and 1, or (samples, labels).
        class_names: of the classes or labels; of one output, no and yes or only yes.
    """
    if not len(targets):
        return []
    if targets.ndim == 1 or targets.shape[1] == 1:
        several = max(len(class_names), 2)
        counts = np.bincount(targets.reshape(-1).astype(np.int64), minlength=several)
        most = counts.max()
        rare = np.flatnonzero(counts < RARE * most)
        compared = f"the largest class has {most:,}"
        names = list(class_names) if len(class_names) > 1 else ["no", *class_names, "yes"][:2]
    else:
        counts = (targets >= 0.5).sum(axis=0)
        fraction = np.minimum(counts, len(targets) - counts) / len(targets)
        rare = np.flatnonzero(fraction < RARE_SAMPLES)
        compared = f"of {len(targets):,} samples"
        names = list(class_names)
    if not len(rare):
        return []
    rare = rare[np.argsort(counts[rare], kind="stable")]
    names += [f"class {k}" for k in range(len(names), len(counts))]
    few = ", ".join(f"{names[k]} {counts[k]:,}" for k in rare[:NAMED])
    more = f" and {len(rare) - NAMED} more" if len(rare) > NAMED else ""
    what = "classes" if targets.ndim == 1 or targets.shape[1] == 1 else "labels"
    return [Finding("label imbalance", 0, "", f"rare {what}: {few}{more}; {compared}")]

"""Dividing a data set so that every split has its fraction of every class, and no photo is in two.

Iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011): the rarest label is dealt out
first, each of its photos to the split that lacks it most. What belongs together - copies and near
copies of a photo, objects cut from one photo - is dealt out as one.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from src.load.dataset import UNDIVIDED, ImageDataset
from src.load.errors import UnreadableDataError
from src.load.fingerprints import Fingerprints

FRACTIONS = {"train": 0.7, "validation": 0.15, "test": 0.15}
"""Fractions of the splits of a data set that comes undivided."""


def split_by_content(
    dataset: ImageDataset,
    fingerprints: Fingerprints,
    fractions: Mapping[str, float] | None = None,
    seed: int = 0,
) -> ImageDataset:
    """Divide all samples anew; what splits there were is forgotten.

    Args:
        dataset: cleaned, see ``clean``.
        fingerprints: of its photos.
        fractions: wanted fraction of each split, by name; adding up to 1.
        seed: same seed, same splits.
    """
    fractions = dict(FRACTIONS if fractions is None else fractions)
    if abs(sum(fractions.values()) - 1) > 1e-9 or min(fractions.values()) <= 0:
        raise ValueError(
            f"fractions: expected positive fractions that add up to 1, got {fractions}"
        )
    rows = dataset.rows()
    assigned = _deal(dataset, fingerprints, rows, np.array(list(fractions.values())), seed)
    splits = {name: rows[assigned == k] for k, name in enumerate(fractions)}
    for name in [name for name, part in splits.items() if not len(part)]:
        dataset.problems.note("splits without images", f"{name}: too few photos to give it one")
        del splits[name]
    return dataset.divided(splits)


def complete_splits(
    dataset: ImageDataset,
    fingerprints: Fingerprints,
    seed: int = 0,
    validation_from: Literal["train", "test"] = "train",
) -> ImageDataset:
    """The data set with train, validation and test; photos leave the split they came in only
    where one of these is missing.

    What came for evaluation stays for evaluation: of train and validation, the latter becomes test.
    A missing validation split is taken out of train (15%), or is one half of test. Where train is
    the only split, it is divided as undivided data are.

    Args:
        dataset: cleaned.
        fingerprints: of its photos.
        seed: of the choice.
        validation_from: where a missing validation split is taken from.

    Raises UnreadableDataError where there is no training split, or too little to divide.
    """
    splits = dict(dataset.splits)
    if is_undivided(dataset):
        divided = split_by_content(dataset, fingerprints, seed=seed)
    else:
        if "test" not in splits and "validation" in splits:
            splits["test"] = splits.pop("validation")
        rest = {"train": "test", "test": "train"}[validation_from]
        if "validation" not in splits and "train" in splits and "test" in splits:
            fraction = 1 - FRACTIONS["validation"] if validation_from == "train" else 0.5
            parts = split_by_content(
                dataset.divided({UNDIVIDED: splits[validation_from]}),
                fingerprints,
                {validation_from: fraction, "validation": 1 - fraction},
                seed,
            )
            splits = {**parts.splits, rest: splits[rest]}
        divided = dataset.divided(splits)
    if not is_undivided(dataset) and "train" not in dataset.splits:
        found = ", ".join(f"{name} {len(rows)}" for name, rows in dataset.splits.items())
        raise UnreadableDataError(f"no photos to train on: found {found}")
    missing = [name for name in FRACTIONS if name not in divided.splits]
    if missing:
        found = ", ".join(f"{name} {len(rows)}" for name, rows in divided.splits.items())
        raise UnreadableDataError(
            f"no photos for {' and '.join(missing)}: {found or 'nothing'} is too little to divide"
        )
    return divided.divided({name: divided.splits[name] for name in FRACTIONS})


def is_undivided(dataset: ImageDataset) -> bool:
    """Whether nobody has divided the data set, or there is nothing but a training split."""
    return UNDIVIDED in dataset.splits or list(dataset.splits) == ["train"]


def k_fold(
    dataset: ImageDataset, fingerprints: Fingerprints, folds: int = 5, seed: int = 0
) -> Iterator[ImageDataset]:
    """The data set divided into train and validation, ``folds`` times; each sample validates once.

    Args: as for ``split_by_content``.
    """
    if folds < 2:
        raise ValueError(f"folds: expected 2 or more, got {folds}")
    rows = dataset.rows()
    distinct = len(np.unique(fingerprints.groups()[dataset.images.photo_of[rows]]))
    if distinct < folds:
        raise ValueError(f"folds: expected at most one for each of {distinct} photos, got {folds}")
    assigned = _deal(dataset, fingerprints, rows, np.full(folds, 1 / folds), seed)
    for fold in range(folds):
        yield dataset.divided(
            {"train": rows[assigned != fold], "validation": rows[assigned == fold]}
        )


def _deal(
    dataset: ImageDataset,
    fingerprints: Fingerprints,
    rows: NDArray[np.intp],
    fractions: NDArray[np.float64],
    seed: int,
) -> NDArray[np.int64]:
    """(rows,): number of the split that each row goes to."""
    together = fingerprints.groups()[dataset.images.photo_of[rows]]
    _, group_of = np.unique(together, return_inverse=True)
    groups = int(group_of.max(initial=-1)) + 1
    labels = dataset.targets[rows]
    if labels.ndim == 1:
        labels = np.eye(len(dataset.class_names), dtype=np.int64)[labels]
    counts = np.zeros((groups, labels.shape[1]), np.int64)  # of each label in each group
    np.add.at(counts, group_of, labels)
    sizes = np.bincount(group_of, minlength=groups)
    lacking = fractions[:, np.newaxis] * counts.sum(axis=0)  # (splits, labels)
    room = fractions * len(rows)
    split_of_group = np.full(groups, -1)
    rng = np.random.default_rng(seed)
    order = rng.permutation(groups)
    order = order[np.argsort(-sizes[order], kind="stable")]  # large ones first, then at random
    left = counts.sum(axis=0)
    while True:
        open_labels = np.flatnonzero(left)
        label = open_labels[left[open_labels].argmin()] if len(open_labels) else None
        waiting = [
            g for g in order if split_of_group[g] < 0 and (label is None or counts[g, label])
        ]
        for group in waiting:
            needs = room if label is None else lacking[:, label]
            best = np.flatnonzero(needs >= needs.max() - 1e-9)
            split = best[room[best].argmax()]
            split_of_group[group] = split
            lacking[split] -= counts[group]
            room[split] -= sizes[group]
            left -= counts[group]
        if label is None:
            return split_of_group[group_of]

"""One photo, one split: leave out what would make metrics wrong without notice.

- photos that cannot be read;
- photos that occur with different labels: nobody knows which are right, so all copies go;
- photos that stand in two splits: the copy in the test or the validation data stays, since a
  network that has trained on it would be evaluated on what it knows by heart;
- further copies within a split.
"""

import numpy as np
from numpy.typing import NDArray

from src.load.dataset import ImageDataset
from src.load.fingerprints import Fingerprints

MISSING = "classes that a split does not have"
"""A kind of problem."""

PRECEDENCE = ("test", "validation")
"""Splits that keep a photo that others have too, the first first."""


def clean(dataset: ImageDataset, fingerprints: Fingerprints) -> ImageDataset:
    """The data set without the samples of these photos; ``problems`` says what went and why.

    Raises UnreadableDataError at an unreadable photo if ``problems`` fails at errors.
    """
    photos = dataset.images.photos
    for number, error in fingerprints.errors.items():
        dataset.problems.add("unreadable images", error or photos.name(number))
    leave: set[int] = set(fingerprints.errors)
    splits_of = splits_of_photos(dataset)
    labels = photo_labels(dataset)
    keep_in = {number: _first(splits) for number, splits in splits_of.items()}
    for number, splits in splits_of.items():
        if len(splits) > 1:  # the very same file
            dataset.problems.note(
                "photos in two splits",
                f"{photos.name(number)} stands in {' and '.join(splits)}; "
                f"kept in {keep_in[number]}",
            )
    for group in fingerprints.copies():
        here = [number for number in group if number in splits_of]
        if len(here) < 2:
            continue
        names = " = ".join(photos.name(number) for number in here)
        if len({labels[number] for number in here}) > 1:
            described = " and ".join(sorted({_described(labels[number]) for number in here}))
            dataset.problems.note("photos with contradictory labels", f"{names}: {described}")
            leave.update(here)
            continue
        kept = min(here, key=lambda number: (_rank(keep_in[number]), number))
        apart = len({keep_in[number] for number in here}) > 1
        kind = "photos in two splits" if apart else "photos that stand twice"
        dataset.problems.note(kind, f"{names}; kept: {photos.name(kept)}")
        leave.update(number for number in here if number != kept)
    remaining: dict[str, NDArray[np.intp]] = {}
    for split, rows in dataset.splits.items():
        photo_of = dataset.images.photo_of[rows]
        stays = [photo not in leave and keep_in[photo] == split for photo in map(int, photo_of)]
        if any(stays):
            remaining[split] = rows[np.array(stays)]
        else:
            dataset.problems.note("splits without images", f"{split}: nothing is left of it")
    cleaned = dataset.divided(remaining)
    note_missing_classes(cleaned)
    return cleaned


def missing_classes(dataset: ImageDataset) -> list[str]:
    """Of each split, the classes that it lacks and another one has."""
    names = np.array(dataset.class_names, object)
    occurring = dataset.counts() > 0
    texts = []
    for split in dataset.splits:
        lacking = names[occurring & (dataset.counts(split) == 0)]
        if len(lacking):
            more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
            texts.append(f"{split} has no {', '.join(lacking[:5])}{more}")
    return texts


def note_missing_classes(dataset: ImageDataset) -> None:
    """File ``missing_classes`` among the problems."""
    for text in missing_classes(dataset):
        dataset.problems.note(MISSING, text)


def splits_of_photos(dataset: ImageDataset) -> dict[int, list[str]]:
    """Splits that each photo stands in, by its number."""
    splits_of: dict[int, list[str]] = {}
    for split, rows in dataset.splits.items():
        for photo in np.unique(dataset.images.photo_of[rows]):
            splits_of.setdefault(int(photo), []).append(split)
    return splits_of


def photo_labels(dataset: ImageDataset) -> dict[int, tuple[str, ...]]:
    """Sorted names of all classes or labels that a photo has, by its number."""
    labels: dict[int, set[str]] = {}
    for row in dataset.rows():
        photo = int(dataset.images.photo_of[row])
        labels.setdefault(photo, set()).update(dataset.names_of(int(row)))
    return {photo: tuple(sorted(names)) for photo, names in labels.items()}


def _described(labels: tuple[str, ...]) -> str:
    return ", ".join(labels) or "nothing"


def _rank(split: str) -> int:
    return PRECEDENCE.index(split) if split in PRECEDENCE else len(PRECEDENCE)


def _first(splits: list[str]) -> str:
    return min(splits, key=_rank)

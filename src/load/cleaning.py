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

FALSE_SPLITS = "splits of the same photos"
UNREADABLE = "unreadable images"
IN_TWO_SPLITS = "photos in two splits"
TWICE = "photos that stand twice"
CONTRADICTORY = "photos with contradictory labels"

PRECEDENCE = ("test", "validation")
"""Splits that keep a photo that others have too, the first first."""


def clean(dataset: ImageDataset, fingerprints: Fingerprints) -> ImageDataset:
    """The data set without the samples of these photos; ``problems`` says what went and why.

    Where most training photos stand in another split too, as where a file names one folder as both,
    the two are no splits: they become one, to be divided anew.

    Raises UnreadableDataError at the first of them if ``problems`` fails at errors.
    """
    _note_bits(fingerprints, dataset)
    dataset = _without_false_splits(dataset, fingerprints)
    splits_of, labels = splits_of_photos(dataset), photo_labels(dataset)
    keep_in = {number: _first(splits) for number, splits in splits_of.items()}
    leave = {
        **_unreadable(dataset, fingerprints),
        **_named_twice(dataset, splits_of, labels, keep_in),
    }
    leave |= _copies(dataset, fingerprints, labels, keep_in)
    remaining: dict[str, NDArray[np.intp]] = {}
    for split, rows in dataset.splits.items():
        photo_of = dataset.images.photo_of[rows].tolist()
        stays = [photo not in leave and keep_in[photo] == split for photo in photo_of]
        if any(stays):
            remaining[split] = rows[np.array(stays)]
        else:
            dataset.problems.note("splits without images", f"{split}: nothing is left of it")
    cleaned = dataset.divided(remaining)
    left = np.setdiff1d(dataset.rows(), cleaned.rows()).tolist()
    photos = dataset.images.photo_of[left].tolist()
    causes = [leave.get(photo, IN_TWO_SPLITS) for photo in photos]
    dataset.leave_out(dict(zip(left, causes, strict=True)))
    note_missing_classes(cleaned)
    return cleaned


def _unreadable(dataset: ImageDataset, fingerprints: Fingerprints) -> dict[int, str]:
    """Photos that cannot be read, and the kind of problem."""
    for number, error in fingerprints.errors.items():
        dataset.problems.add(UNREADABLE, error or dataset.images.photos.name(number))
    return dict.fromkeys(fingerprints.errors, UNREADABLE)


def _named_twice(
    dataset: ImageDataset,
    splits_of: dict[int, list[str]],
    labels: dict[int, tuple[str, ...]],
    keep_in: dict[int, str],
) -> dict[int, str]:
    """Files that stand in several splits, which is only said, or in two classes, and the kind."""
    photos, problems = dataset.images.photos, dataset.problems
    leave = {}
    whole = getattr(dataset.images, "boxes", None) is None and not dataset.multi_label
    for number, splits in splits_of.items():
        if whole and len(labels[number]) > 1:
            problems.add(CONTRADICTORY, f"{photos.name(number)}: {' and '.join(labels[number])}")
            leave[number] = CONTRADICTORY
        elif len(splits) > 1:
            problems.add(
                IN_TWO_SPLITS,
                f"{photos.name(number)} stands in {' and '.join(splits)}; "
                f"kept in {keep_in[number]}",
            )
    return leave


def _copies(
    dataset: ImageDataset,
    fingerprints: Fingerprints,
    labels: dict[int, tuple[str, ...]],
    keep_in: dict[int, str],
) -> dict[int, str]:
    """Copies of photos that stay: those of other labels, and all but one; and the kind."""
    photos, problems = dataset.images.photos, dataset.problems
    leave = {}
    for group in fingerprints.copies():
        here = [number for number in group if number in keep_in]
        if len(here) < 2:
            continue
        names = " = ".join(photos.name(number) for number in here)
        if len({labels[number] for number in here}) > 1:
            described = " and ".join(sorted({_described(labels[number]) for number in here}))
            problems.add(CONTRADICTORY, f"{names}: {described}")
            leave.update(dict.fromkeys(here, CONTRADICTORY))
            continue
        kept = min(here, key=lambda number: (_rank(keep_in[number]), number))
        apart = len({keep_in[number] for number in here}) > 1
        kind = IN_TWO_SPLITS if apart else TWICE
        problems.add(kind, f"{names}; kept: {photos.name(kept)}")
        leave.update(dict.fromkeys((number for number in here if number != kept), kind))
    return leave


def _note_bits(fingerprints: Fingerprints, dataset: ImageDataset) -> None:
    """Point out 16-bit images that would be black if their 12 bits were read as 16."""
    for number, bits in fingerprints.bits.items():
        dataset.problems.note(
            f"images of 16 bits that use {bits}",
            f"{dataset.images.photos.name(number)}: read as one of {bits} bits; --white LEVEL, or "
            "--white set for the highest level of all, scales all images alike",
        )


def _without_false_splits(dataset: ImageDataset, fingerprints: Fingerprints) -> ImageDataset:
    """Splits of the same photos as one; the training split alone means undivided."""
    if "train" not in dataset.splits:
        return dataset
    digests = {
        split: {fingerprints.digests[photo] for photo in dataset.images.photo_of[rows].tolist()}
        for split, rows in dataset.splits.items()
    }
    train = digests.pop("train") - {""}
    same = [split for split, others in digests.items() if 2 * len(train & others) > len(train)]
    if not same:
        return dataset
    for split in same:
        dataset.problems.note(
            FALSE_SPLITS,
            f"train and {split}: {len(train & digests[split])} of {len(train)} training photos "
            f"stand in {split} too; the two are divided anew",
        )
    joined = [dataset.splits[split] for split in ("train", *same)]
    rest = {split: rows for split, rows in dataset.splits.items() if split not in ("train", *same)}
    return dataset.divided({"train": np.unique(np.concatenate(joined)), **rest})


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

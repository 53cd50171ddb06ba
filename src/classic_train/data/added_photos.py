"""Reviewed photos as further training photos: none of them that evaluation will see.

They are divided by content on their own, so that the splits of the data stay what they were: most
are trained on, some validate, and the rest, the split "mined", shows what was learned of their
kind.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from src.common.lookup import lookup
from src.inference.mining.review import SKIP, Reviewed, read_review
from src.load import (
    Fingerprints,
    ImageDataset,
    ImageFiles,
    PreparedImages,
    UnreadableDataError,
    fingerprint_photos,
    split_by_content,
)
from src.load.dataset import UNDIVIDED
from src.load.fingerprints import NEAR
from src.load.transforms import Compose

MINED = "mined"
"""Split of added photos that nobody trains on or validates by."""

FRACTIONS = {"train": 0.6, "validation": 0.2, MINED: 0.2}

FEWEST = 10
"""Added photos that can be divided; fewer are all trained on."""

UNIT = "reviewed photos"
"""Of the account."""


def with_added_photos(
    photos: ImageDataset,
    fingerprints: Fingerprints,
    review: Path,
    prepare: Sequence[Compose],
    seed: int,
) -> tuple[ImageDataset, Fingerprints]:
    """The data set, divided, and the photos of a review that have a label.

    Args:
        photos: divided into train, validation and test; whole photos in files.
        fingerprints: of them.
        review: CSV file; see ``inference.mining``.
        prepare: fixed transforms whose results are kept.
        seed: of the division of the added photos.

    Raises UnreadableDataError: a label that is no class, a photo that has changed since it was
    mined, or no usable photo.
    """
    images = photos.images
    if not isinstance(images, PreparedImages) or images.boxes is not None or photos.multi_label:
        raise UnreadableDataError(f"--add: {review}: takes whole photos of one class each as data")
    labelled = _labelled(photos, review)
    files = ImageFiles([Path(photo.image) for photo in labelled], white=images.white)
    prepared = PreparedImages(files, prepare)
    looked = fingerprint_photos(prepared.photos)
    kept = _usable(photos, fingerprints, labelled, looked, review)
    names = list(photos.class_names)
    targets = np.array([names.index(photo.label) for photo in labelled], np.int64)
    added = ImageDataset(prepared, targets, names, {UNDIVIDED: kept}, photos.problems)
    if len(kept) >= FEWEST:
        added = split_by_content(added, looked, FRACTIONS, seed)
    else:
        added = added.divided({"train": kept})
    count = len(photos.targets)
    splits = dict(photos.splits)
    for split, rows in added.splits.items():
        splits[split] = np.concatenate([splits.get(split, np.zeros(0, np.intp)), rows + count])
    both = replace(
        photos,
        images=images.joined(prepared),
        targets=np.concatenate([photos.targets, targets]),
        items=[],  # what became of each file is known by now
    ).divided(splits)
    return both, fingerprints.joined(looked)


def _labelled(photos: ImageDataset, review: Path) -> list[Reviewed]:
    """Photos with a label that is a class."""
    account = photos.problems.account(UNIT)
    found: dict[str, Reviewed] = {}
    for photo in read_review(review).photos:
        account.find([photo.image])
        if photo.image in found and photo.label:
            other = found[photo.image].label
            if photo.label != other:
                raise UnreadableDataError(
                    f"--add: {review}: {photo.image} is labelled {other} and {photo.label}"
                )
            continue
        if not photo.label:
            account.set(photo.image, "passed over", "without a label yet")
        elif photo.label == SKIP:
            account.set(photo.image, "passed over", 'with the label "skip"')
        else:
            try:
                lookup("label", photo.label, dict.fromkeys(photos.class_names))
            except ValueError as error:
                raise UnreadableDataError(f"--add: {review}: {photo.image}: {error}") from None
            found[photo.image] = photo
    if not found:
        raise UnreadableDataError(f"--add: {review}: no photo has a label yet")
    return list(found.values())


def _usable(
    photos: ImageDataset,
    fingerprints: Fingerprints,
    labelled: Sequence[Reviewed],
    looked: Fingerprints,
    review: Path,
) -> NDArray[np.intp]:
    """Rows that are neither in the data nor near-duplicates of test photos, nor twice in the list.

    Raises UnreadableDataError where the pixels are not those that were mined.
    """
    problems = photos.problems
    photo_of = photos.images.photo_of
    known = {
        fingerprints.digests[photo_of[row]]: split
        for split, rows in photos.splits.items()
        for row in rows.tolist()
    }
    tested = photo_of[photos.splits["test"]]
    hashes = None if fingerprints.hashes is None else fingerprints.hashes[tested]
    kept, before = [], set()
    for number, photo in enumerate(labelled):
        digest = looked.digests[number]
        cause = ""
        if number in looked.errors:
            cause = "that cannot be read"
        elif photo.sha256 and digest != photo.sha256:
            raise UnreadableDataError(
                f"--add: {photo.image} has other pixels than when it was mined; mine again, or "
                f"remove its row from {review}"
            )
        elif digest in known:
            cause = f"that stand in the {known[digest]} data"
        elif digest in before:
            cause = "that stand twice"
        elif hashes is not None and looked.hashes is not None and len(hashes):
            bits = np.bitwise_count(hashes ^ looked.hashes[number]).sum(axis=1)
            cause = "nearly the same as a test photo" if bits.min() <= NEAR else ""
        if cause:
            problems.leave_out(UNIT, photo.image, cause, f"{photo.image}: {cause}")
        else:
            problems.account(UNIT).set(photo.image, "used", "photos")
            before.add(digest)
            kept.append(number)
    if not kept:
        raise UnreadableDataError(f"--add: {review}: no photo can be used{problems.first_cause()}")
    return np.array(kept, np.intp)

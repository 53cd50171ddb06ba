"""Reviewed photos as further training photos: none of them that evaluation will see.

The splits of the data stay what they were. Most added photos are trained on, some validate, and the
rest, the split "mined", shows what was learned of their kind. Which is which is told by the pixels
themselves, so that it stays so when more photos are added; what an earlier run has learned stays
what it was for that run.
"""

from collections.abc import Mapping, Sequence
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
)
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
    seen: Mapping[str, NDArray[np.uint64]],
) -> tuple[ImageDataset, Fingerprints]:
    """The data set, divided, and the photos of a review that have a label.

    Args:
        photos: divided into train, validation and test; whole photos in files.
        fingerprints: of them.
        review: CSV file; see ``inference.mining``.
        prepare: fixed transforms whose results are kept.
        seen: short digests of the photos of each split that an earlier run has seen.

    Raises UnreadableDataError: a label that is no class, a photo that has changed since it was
    mined, or no usable photo.
    """
    images = photos.images
    if not isinstance(images, PreparedImages) or images.boxes is not None or photos.multi_label:
        raise UnreadableDataError(f"--add: {review}: takes whole photos of one class each as data")
    labelled = _labelled(photos, images, review)
    files = ImageFiles([Path(photo.image) for photo in labelled], white=images.white)
    prepared = PreparedImages(files, prepare)
    looked = fingerprint_photos(prepared.photos)
    splits_of = _splits_of(photos, fingerprints, labelled, looked, seen, review)
    names = list(photos.class_names)
    targets = np.array([names.index(photo.label) for photo in labelled], np.int64)
    count = len(photos.targets)
    splits = dict(photos.splits)
    for split in FRACTIONS:
        rows = np.array([count + row for row, of in splits_of.items() if of == split], np.intp)
        if len(rows):
            splits[split] = np.concatenate([splits.get(split, np.zeros(0, np.intp)), rows])
    both = replace(
        photos,
        images=images.joined(prepared),
        targets=np.concatenate([photos.targets, targets]),
        items=[],  # what became of each file is known by now
    ).divided(splits)
    return both, fingerprints.joined(looked)


def _labelled(photos: ImageDataset, images: PreparedImages, review: Path) -> list[Reviewed]:
    """Photos with a label that is a class, and which are no files of the data."""
    account = photos.problems.account(UNIT)
    files = {path.resolve() for path in images.files.paths}
    found: dict[str, Reviewed] = {}
    for photo in read_review(review):
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
            if Path(photo.image).resolve() in files:
                cause = "that stand in the data"
                photos.problems.leave_out(UNIT, photo.image, cause, f"{photo.image}: {cause}")
            else:
                found[photo.image] = photo
    if not found:
        cause = photos.problems.first_cause()
        raise UnreadableDataError(f"--add: {review}: no photo with a label can be used{cause}")
    return list(found.values())


def _splits_of(
    photos: ImageDataset,
    fingerprints: Fingerprints,
    labelled: Sequence[Reviewed],
    looked: Fingerprints,
    seen: Mapping[str, NDArray[np.uint64]],
    review: Path,
) -> dict[int, str]:
    """The split of each row that can be used.

    Left out are photos of the data, near-duplicates of those that validate and test, and what
    stands twice. What is nearly a training photo is trained on.

    Raises UnreadableDataError where the pixels are not those that were mined.
    """
    problems, photo_of = photos.problems, photos.images.photo_of
    of_digest = {
        fingerprints.digests[photo_of[row]]: split
        for split, rows in photos.splits.items()
        for row in rows.tolist()
    }
    before = {int(d): split for split, digests in seen.items() for d in digests}
    groups = looked.groups()
    first = {
        int(g): min(d for d, h in zip(looked.digests, groups, strict=True) if h == g)
        for g in groups
    }
    found: dict[int, str] = {}
    used: set[str] = set()
    for row, photo in enumerate(labelled):
        digest = looked.digests[row]
        near = _nearest_split(photos, fingerprints, looked, row)
        cause = ""
        if row in looked.errors:
            cause = "that cannot be read"
        elif photo.sha256 and digest != photo.sha256:
            raise UnreadableDataError(
                f"--add: {photo.image} has other pixels than when it was mined; mine again, or "
                f"remove its row from {review}"
            )
        elif digest in of_digest:
            cause = f"that stand in the {of_digest[digest]} data"
        elif digest in used:
            cause = "that stand twice"
        elif near in ("test", "validation"):
            cause = f"nearly the same as a {near} photo"
        if cause:
            problems.leave_out(UNIT, photo.image, cause, f"{photo.image}: {cause}")
            continue
        problems.account(UNIT).set(photo.image, "used", "photos")
        used.add(digest)
        known = before.get(int(digest[:16], 16), "")
        found[row] = near or known or share(first[int(groups[row])])
    if not found:
        raise UnreadableDataError(f"--add: {review}: no photo can be used{problems.first_cause()}")
    if len(found) < FEWEST:
        return dict.fromkeys(found, "train")
    return found


def share(digest: str) -> str:
    """The split that the first bits of a digest, as a number from 0 to 1, fall into."""
    place = int(digest[:8], 16) / 16**8
    for split, end in zip(FRACTIONS, np.cumsum(list(FRACTIONS.values())), strict=True):
        if place < end:
            return split
    return MINED


def _nearest_split(
    photos: ImageDataset, fingerprints: Fingerprints, looked: Fingerprints, row: int
) -> str:
    """The split with a near-duplicate of an added photo: of several the strictest; or nothing."""
    if fingerprints.hashes is None or looked.hashes is None or row in looked.errors:
        return ""
    for split in ("test", "validation", "train"):
        hashes = fingerprints.hashes[photos.images.photo_of[photos.splits[split]]]
        bits = np.bitwise_count(hashes ^ looked.hashes[row]).sum(axis=1)
        if len(bits) and bits.min() <= NEAR:
            return split
    return ""

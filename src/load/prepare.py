"""From a place on disk to a data set that can be trained on: read, look, clean, divide."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from src.load.cleaning import clean, note_missing_classes
from src.load.dataset import UNDIVIDED, ImageDataset
from src.load.errors import UnreadableDataError
from src.load.fingerprints import Fingerprints, fingerprint_photos
from src.load.prepared import PreparedImages
from src.load.problems import OnError, Problems
from src.load.read import read_data
from src.load.sources import ImageFiles
from src.load.splits import is_undivided, split_by_content
from src.load.transforms.base import Compose


def load_dataset(path: str | Path, **settings: Any) -> ImageDataset:
    """Read a data set of any kind, decode every photo once, and leave out what is not sound.

    Args and errors: as for ``load_with_fingerprints``.

    Returns:
        The data set; ``problems.summary()`` says what was left out, and why.
    """
    return load_with_fingerprints(path, **settings)[0]


def load_with_fingerprints(
    path: str | Path,
    *,
    divide: bool | None = None,
    seed: int = 0,
    on_error: OnError = "skip",
    threads: int = 2,
    progress: bool = True,
    prepare: Sequence[Compose] = (),
    **reading: Any,
) -> tuple[ImageDataset, Fingerprints]:
    """``load_dataset``, and the fingerprints of the photos.

    Args:
        path: as for ``read_data``.
        divide: True to divide it anew into train, validation and test; False to leave it as it
            is; None to divide it only if it comes undivided, or with a training split alone.
        seed: of the division.
        on_error: "skip" leaves out what cannot be read, "fail" raises for it.
        threads: that decode.
        progress: show a bar, on a terminal.
        prepare: fixed transforms whose results are kept while each photo is decoded; see
            ``PreparedImages``.
        reading: how to read: further arguments of ``read_data``.

    Raises:
        UnreadableDataError: there is no data set, or nothing in it can be read.
    """
    found = read_data(path, problems=Problems(on_error), **reading)
    if divide:
        found = found.divided({UNDIVIDED: found.rows()})
    dataset, fingerprints = fingerprint_and_clean(found, str(path), threads, progress, prepare)
    if divide is not False and is_undivided(dataset):
        dataset = split_by_content(dataset, fingerprints, seed=seed)
        note_missing_classes(dataset)
    return dataset, fingerprints


def fingerprint_and_clean(
    found: ImageDataset,
    origin: str,
    threads: int = 2,
    progress: bool = True,
    prepare: Sequence[Compose] = (),
) -> tuple[ImageDataset, Fingerprints]:
    """Decode every photo once, and leave out what is not sound.

    Args:
        found: a data set as it was read.
        origin: what messages call it.
        threads: that decode.
        progress: show a bar, on a terminal.
        prepare: as for ``load_with_fingerprints``.

    Returns:
        The data set without these photos, and the fingerprints of all.

    Raises UnreadableDataError: nothing can be used.
    """
    if prepare and isinstance(found.images, ImageFiles):
        found = replace(found, images=PreparedImages(found.images, prepare))
    fingerprints = fingerprint_photos(found.images.photos, threads, progress)
    dataset = clean(found, fingerprints)
    if isinstance(dataset.images, PreparedImages):
        dataset.images.forget_all_but(dataset.rows())
    if not len(dataset):
        raise UnreadableDataError(
            f"{origin}: no photo of {len(fingerprints.digests)} can be used"
            f"{dataset.problems.first_cause()}"
        )
    return dataset, fingerprints

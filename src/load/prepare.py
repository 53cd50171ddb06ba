"""From a place on disk to a data set that can be trained on: read, look, clean, divide."""

from pathlib import Path
from typing import Any

from src.load.cleaning import clean, note_missing_classes
from src.load.content import Content, survey
from src.load.dataset import UNDIVIDED, ImageDataset
from src.load.errors import UnreadableDataError
from src.load.lists import Labels
from src.load.problems import OnError, Problems
from src.load.read import read_data
from src.load.splits import split_by_content


def load_dataset(path: str | Path, **settings: Any) -> ImageDataset:
    """Read a data set of any kind, decode every photo once, and leave out what is not sound.

    Args and errors: as for ``load_with_content``.

    Returns:
        The data set; ``problems.summary()`` says what was left out, and why.
    """
    return load_with_content(path, **settings)[0]


def load_with_content(
    path: str | Path,
    *,
    objects: bool = True,
    labels: Labels = "both",
    divide: bool | None = None,
    seed: int = 0,
    on_error: OnError = "skip",
    threads: int = 2,
    progress: bool = True,
) -> tuple[ImageDataset, Content]:
    """``load_dataset``, and the fingerprints of the photos.

    Args:
        path, objects, labels: as for ``read_data``.
        divide: True to divide it anew into train, validation and test; False to leave it as it
            is; None to divide it only if it comes undivided.
        seed: of the division.
        on_error: "skip" leaves out what cannot be read, "fail" raises for it.
        threads: that decode.
        progress: show a bar, on a terminal.

    Raises:
        UnreadableDataError: there is no data set, or nothing in it can be read.
    """
    found = read_data(path, objects=objects, labels=labels, problems=Problems(on_error))
    if divide:
        found = found.divided({UNDIVIDED: found.rows()})
    dataset, content = looked_through(found, str(path), threads, progress)
    if UNDIVIDED in dataset.splits and divide is not False:
        dataset = split_by_content(dataset, content, seed=seed)
        note_missing_classes(dataset)
    return dataset, content


def looked_through(
    found: ImageDataset, origin: str, threads: int = 2, progress: bool = True
) -> tuple[ImageDataset, Content]:
    """Decode every photo once, and leave out what is not sound.

    Args:
        found: a data set as it was read.
        origin: what messages call it.
        threads: that decode.
        progress: show a bar, on a terminal.

    Returns:
        The data set without these photos, and the fingerprints of all.

    Raises UnreadableDataError: nothing can be used.
    """
    content = survey(found.images.photos, threads, progress)
    dataset = clean(found, content)
    if not len(dataset):
        raise UnreadableDataError(f"{origin}: no photo of {len(content.digests)} can be used")
    return dataset, content

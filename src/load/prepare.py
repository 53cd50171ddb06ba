"""From a place on disk to a data set that can be trained on: read, look, clean, divide."""

from pathlib import Path

from src.load.cleaning import clean, note_missing_classes
from src.load.content import survey
from src.load.dataset import UNDIVIDED, ImageDataset
from src.load.errors import UnreadableDataError
from src.load.lists import Labels
from src.load.problems import OnError, Problems
from src.load.read import read_data
from src.load.splits import split_by_content


def load_dataset(
    path: str | Path,
    *,
    objects: bool = True,
    labels: Labels = "both",
    divide: bool | None = None,
    seed: int = 0,
    on_error: OnError = "skip",
    threads: int = 2,
    progress: bool = True,
) -> ImageDataset:
    """Read a data set of any kind, decode every photo once, and leave out what is not sound.

    Args:
        path, objects, labels: as for ``read_data``.
        divide: True to divide it anew into train, validation and test; False to leave it as it
            is; None to divide it only if it comes undivided.
        seed: of the division.
        on_error: "skip" leaves out what cannot be read, "fail" raises for it.
        threads: that decode.
        progress: show a bar, on a terminal.

    Returns:
        The data set; ``problems.summary()`` says what was left out, and why.

    Raises:
        UnreadableDataError: there is no data set, or nothing in it can be read.
    """
    found = read_data(path, objects=objects, labels=labels, problems=Problems(on_error))
    if divide:
        found = found.divided({UNDIVIDED: found.rows()})
    content = survey(found.images.photos, threads, progress)
    dataset = clean(found, content)
    if not len(dataset):
        raise UnreadableDataError(f"{path}: no photo of {len(content.digests)} can be used")
    if UNDIVIDED in dataset.splits and divide is not False:
        dataset = split_by_content(dataset, content, seed=seed)
        note_missing_classes(dataset)
    return dataset

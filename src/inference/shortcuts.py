"""Does the model look at the subject, or at what usually lies around it?

A test split that was photographed where the training photos were cannot tell: it has the same
backgrounds. So the photos are changed, and the model is asked again:

- subject hidden: what is left says nothing of the class, unless the background does. A model that
  still answers as before has learned the background;
- surroundings hidden: the subject alone, which is enough for a model that has learned it;
- other backgrounds: the subject of a photo on a plain background, put into other photos of the same
  data (see ``load.transforms.background``); where there are such photos.

What is hidden gets the mean colour of what is left, with a soft edge; a subject on a plain
background together with its surroundings up to a rectangle, for its outline says much. The subject
is known from the boxes of the data where they have some, else from the mask of a plain background,
else it is taken to be in an ellipse in the middle.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from src.common.tables import format_table, write_csv
from src.inference.classifier import Classifier
from src.inference.evaluation import Evaluation, evaluation_of_logits
from src.inference.sampling import some_of_each_class
from src.inference.subjects import ELLIPSE, PLAIN, Boxes, Subjects
from src.load.dataset import ImageDataset
from src.load.image_grid import image_grid, save_image
from src.load.sources import Source
from src.load.transforms.background import Backgrounds, RandomBackground

MOST = 200
"""Samples that are looked at, as many of each class; each goes through the network four times."""

SCENES, SIDE = 100, 256
"""Photos that others are put into, and pixels of their sides."""

TABLE, PICTURE = "shortcuts.csv", "shortcuts.png"
"""Files of the results."""

SHOWN = 8
"""Samples in the picture."""

Change = Callable[[int], Image.Image]
"""From the number of a sample to its picture."""


@dataclass(frozen=True)
class Shortcuts:
    """What the model says of changed photos.

    Attributes:
        evaluations: by the name of the change; "as they are" is the first.
        known_by: how many subjects are known by what.
        picture: some photos and what became of them.
    """

    evaluations: Mapping[str, Evaluation]
    known_by: Counter[str]
    picture: Image.Image


def find_shortcuts(
    classifier: Classifier,
    dataset: ImageDataset,
    rows: NDArray[np.intp],
    boxes: Boxes | None = None,
    seed: int = 0,
) -> Shortcuts:
    """Ask a model for photos without their subjects, and for subjects without their photos.

    Args:
        classifier: the model, of photos.
        dataset: with its classes.
        rows: to evaluate on.
        boxes: of the subjects, by photo.
        seed: of the choice of photos and backgrounds.
    """
    rng = np.random.default_rng(seed)
    rows = some_of_each_class(dataset, rows, rng, MOST, equal=True)
    subjects = Subjects(dataset.images, boxes or {})
    changes: dict[str, Change] = {
        "as they are": subjects.photo,
        "subject hidden": lambda row: subjects.hidden(row, subject=True),
        "surroundings hidden": lambda row: subjects.hidden(row, subject=False),
    }
    kept = dict.fromkeys(changes, rows)
    backgrounds = _backgrounds(subjects, dataset, rows, rng)
    plain = np.array([row for row in rows.tolist() if subjects.mask(row)[1] == PLAIN], np.intp)
    if backgrounds.scenes and len(plain):
        exchange = RandomBackground(backgrounds, 1.0)
        changes["other backgrounds"] = lambda row: subjects.moved(row, exchange, seed)
        kept["other backgrounds"] = plain
    evaluations = {}
    for name, change in changes.items():
        source = ChangedPhotos(dataset.images, change)
        logits = classifier.logits(source, kept[name])
        changed = replace(dataset, images=source)
        evaluations[name] = evaluation_of_logits(classifier, changed, kept[name], logits)
    return Shortcuts(evaluations, subjects.known_by(rows), _picture(changes, kept))


class ChangedPhotos:
    """A source whose photos are changed when they are asked for.

    Args:
        images: the source.
        change: from the number of a sample to its picture.
    """

    def __init__(self, images: Source, change: Change) -> None:
        self._images = images
        self._change = change

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> Image.Image:
        return self._change(int(index))

    def preview(self, index: int) -> Image.Image:
        """The changed photo."""
        return self[index]

    def name(self, index: int) -> str:
        """That of the photo."""
        return self._images.name(index)

    def state(self, index: int) -> str:
        """That of the photo."""
        return self._images.state(index)

    @property
    def photos(self) -> Source:
        """Those of the source."""
        return self._images.photos

    @property
    def photo_of(self) -> NDArray[np.intp]:
        """That of the source."""
        return self._images.photo_of


def _backgrounds(
    subjects: Subjects, dataset: ImageDataset, rows: NDArray[np.intp], rng: np.random.Generator
) -> Backgrounds:
    """Photos of the first class without a plain background, if there are two classes."""
    if dataset.multi_label or len(dataset.class_names) != 2:
        return Backgrounds((), ())
    scenes: list[NDArray[np.uint8]] = []
    for row in rng.permutation(rows[dataset.targets[rows] == 0]).tolist():
        if len(scenes) < SCENES and subjects.mask(row)[1] == ELLIPSE:
            scene = subjects.photo(row).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
            scenes.append(np.asarray(scene))
    return Backgrounds(scenes, ())


def _picture(changes: Mapping[str, Change], kept: Mapping[str, NDArray[np.intp]]) -> Image.Image:
    """Some samples of each change, in a row."""
    pictures, captions = [], []
    columns = min(SHOWN, *map(len, kept.values()))
    for name, change in changes.items():
        rows = kept[name]
        for row in rows[:: max(len(rows) // columns, 1)][:columns].tolist():
            pictures.append(change(row))
            captions.append(name)
    return image_grid(pictures, captions, columns=columns, side=120)


def shortcut_rows(found: Shortcuts) -> list[tuple[str, ...]]:
    """A table, headings first: metrics for each change, and the recall of each of few classes."""
    plain = next(iter(found.evaluations.values()))
    metrics = list(plain.summary())[:2]
    single = plain.task != "multi_label" and len(plain.classes) <= 4
    classes = list(plain.classes) if single else []
    rows = [("photos", "samples", *metrics, *(f"recall {name}" for name in classes))]
    for name, evaluation in found.evaluations.items():
        summary, columns = evaluation.summary(), evaluation.by_class()
        recalls = [
            f"{columns['recall'][k]:.4f}" if columns["samples"][k] else ""
            for k in range(len(classes))
        ]
        numbers = [f"{summary[metric]:.4f}" for metric in metrics]
        rows.append((name, f"{len(evaluation):,}", *numbers, *recalls))
    return rows


def save_shortcuts(found: Shortcuts, directory: Path) -> list[str]:
    """Write ``shortcuts.csv`` and ``shortcuts.png``; returns the lines of a report on them."""
    rows = shortcut_rows(found)
    write_csv(directory / TABLE, rows)
    save_image(found.picture, directory / PICTURE)
    known = ", ".join(f"{how} {count:,}" for how, count in found.known_by.items())
    return [format_table(rows), f"subjects known by: {known}"]

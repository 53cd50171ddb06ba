"""Data whose answers are known, made fit for a model: its classes, and what it has seen of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.serialization import SavedModel
from src.inference.classifier import Classifier
from src.load import (
    Fingerprints,
    ImageArrays,
    ImageDataset,
    Problems,
    UnreadableDataError,
    read_data,
)
from src.load.prepare import fingerprint_and_clean
from src.load.problems import OnError

SEEN = ("train", "validation")
"""Splits whose photos training has seen."""

EVERYTHING_ELSE = "*"
"""In ``rename``: all classes that are not named."""


@dataclass(frozen=True)
class LabelledData:
    """Samples with right answers.

    Attributes:
        dataset: with the model's classes.
        rows: to evaluate on.
        seen: of each model, how many of these it has seen in training, by split; None where that
            is not known.
        left_out: what was left out, and why.
        account: of all files and rows, in a sentence or two.
    """

    dataset: ImageDataset
    rows: NDArray[np.intp]
    seen: list[dict[str, int] | None]
    left_out: str
    account: str


def read_labelled_data(
    path: Path,
    classifiers: Sequence[Classifier],
    *,
    split: str | None = None,
    unseen: bool = False,
    rename: Mapping[str, str] | None = None,
    progress: bool = True,
    on_error: OnError = "skip",
    **reading: Any,
) -> LabelledData:
    """Read a data set that models are evaluated on.

    Args:
        path: see ``load_dataset``.
        classifiers: the models, of the same classes; the first says how the data are read.
        split: to take; None for test where there is one, else (and with ``unseen``) for all.
        unseen: leave out photos that a model was trained on or validated by. They are found by
            their pixels: a copy with other pixels counts as new.
        rename: names of the model's classes by names of the data's; ``*`` for all others.
        progress: show a bar.
        on_error: "skip" leaves out what cannot be used, "fail" raises for it.
        reading: arguments of ``read_data``, where the model does not say how to read.

    Raises UnreadableDataError: there are no data, no such split, or classes that the model has
        not; or it is not known what a model has seen, and ``unseen`` asks for it.
    """
    first = classifiers[0]
    settings = {**first.model.data.get("reading", {}), **reading}
    dataset, fingerprints = _read(path, settings, progress, on_error)
    if split is not None and split not in dataset.splits:
        known = ", ".join(dataset.splits)
        raise UnreadableDataError(f"--split: {path} has {known}, not {split!r}")
    split = split or ("test" if "test" in dataset.splits and not unseen else None)
    rows = dataset.rows() if split is None else dataset.splits[split]
    splits_seen = [
        seen_photos(classifier.model, dataset, fingerprints) for classifier in classifiers
    ]
    if unseen:
        for of_model in splits_seen:
            if of_model is None:
                raise UnreadableDataError(
                    "--unseen: it is not known which of these samples a model has seen: models "
                    "trained on photos tell it, for photos; choose a --split instead"
                )
            rows = rows[of_model[rows] == ""]
    if not len(rows):
        raise UnreadableDataError(f"{path}: no sample is left: the model has seen all of them")
    seen = [
        None if found is None else {s: int((found[rows] == s).sum()) for s in SEEN}
        for found in splits_seen
    ]
    fitting = with_classes_of(first, dataset, rows, rename or {})
    problems = dataset.problems
    return LabelledData(fitting, rows, seen, problems.summary(5), problems.paragraph())


def _check_names(rename: Mapping[str, str], dataset: ImageDataset, classes: Sequence[str]) -> None:
    """Raise UnreadableDataError for a name that the data, or the model, do not have."""
    for name, target in rename.items():
        if name not in (EVERYTHING_ELSE, *dataset.class_names):
            known = ", ".join(dataset.class_names[:5])
            raise UnreadableDataError(f"--rename: the data have no class {name!r}, but {known}")
        if target not in classes:
            known = ", ".join(classes[:5])
            raise UnreadableDataError(f"--rename: the model has no class {target!r}, but {known}")


def _read(
    path: Path, settings: dict[str, Any], progress: bool, on_error: OnError
) -> tuple[ImageDataset, Fingerprints | None]:
    """Photos are decoded and cleaned; arrays are taken as they are."""
    found = read_data(path, problems=Problems(on_error), **settings)
    if isinstance(found.images, ImageArrays):
        return found, None
    return fingerprint_and_clean(found, str(path), progress=progress)


def seen_photos(
    model: SavedModel, dataset: ImageDataset, fingerprints: Fingerprints | None
) -> NDArray[np.str_] | None:
    """(samples,): the split of training that each sample's photo stood in, or nothing.

    None where the model does not tell, or the samples are no photos.
    """
    if fingerprints is None or not model.photo_digests:
        return None
    digests = fingerprints.short_digests()
    photos = np.full(len(digests), "", "<U10")
    for split, known in model.photo_digests.items():
        # by sorting: NumPy 2.0 counts on small numbers, and these fill 64 bits
        photos[np.isin(digests, known, kind="sort")] = split
    return photos[dataset.images.photo_of]


def numbered_classes(dataset: ImageDataset, classes: Sequence[str]) -> dict[str, str]:
    """The model's classes by the data's, where the data have nothing but numbers for names.

    idx files number their classes, and a recipe knows their names: 0 is the first of the model.
    """
    found = [re.fullmatch(r"(?:class )?([0-9]{1,6})", name) for name in dataset.class_names]
    numbers = [int(match[1]) for match in found if match]
    apart = not set(dataset.class_names) & set(classes)
    if not (apart and len(numbers) == len(found) and max(numbers, default=0) < len(classes)):
        return {}
    names = {
        name: classes[number] for name, number in zip(dataset.class_names, numbers, strict=True)
    }
    text = ", ".join(f"{name} is {known}" for name, known in list(names.items())[:3])
    dataset.problems.note(
        "classes that are numbers", f"taken as the model's, in order: {text}, ..."
    )
    return names


def with_classes_of(
    classifier: Classifier,
    dataset: ImageDataset,
    rows: NDArray[np.intp],
    rename: Mapping[str, str],
) -> ImageDataset:
    """The data set with targets in the order of the model's classes.

    Args:
        classifier: the model.
        dataset: with classes of its own.
        rows: to evaluate on; only their classes matter.
        rename: see ``read_labelled_data``.

    Raises UnreadableDataError where they have other classes, or ``rename`` names unknown ones.
    """
    task, classes = classifier.model.task, classifier.classes
    if task == "binary" and len(classifier.model.class_names) == 1 and dataset.multi_label:
        classes = list(classifier.model.class_names)  # one label, there or not
    elif dataset.multi_label and task != "multi_label":
        raise UnreadableDataError(
            "the data have several labels per sample, and the model is for "
            f"{task.replace('_', ' ')}"
        )
    if not rename and task == "multi_class":
        rename = numbered_classes(dataset, classes)
    _check_names(rename, dataset, classes)
    others = rename.get(EVERYTHING_ELSE)
    occurring = dataset.divided({"evaluated": rows}).counts() > 0
    numbers = {}
    for number, name in enumerate(dataset.class_names):
        mapped = rename.get(name, name if name in classes else others)
        if mapped in classes:
            numbers[number] = classes.index(mapped)
        elif occurring[number]:
            model_has = ", ".join(classes[:5]) + (", ..." if len(classes) > 5 else "")
            raise UnreadableDataError(
                f"the data have a class {name!r}, the model has {model_has}; say what it is with "
                f"--rename '{name}=CLASS', or '*=CLASS' for all classes that the model lacks"
            )
    if dataset.multi_label:
        targets = np.zeros((len(dataset.targets), len(classes)), np.int64)
        for number, column in numbers.items():
            targets[:, column] |= dataset.targets[:, number]
    else:
        places = np.zeros(len(dataset.class_names), np.int64)
        places[list(numbers)] = list(numbers.values())
        targets = places[dataset.targets]
    return replace(dataset, targets=targets, class_names=classes)

"""Models side by side on the same test photos: metrics, milliseconds, and what each needs."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from src.classic_nn.array_types import Array
from src.classic_nn.serialization import TensorFileError
from src.classic_train.cli.parsers import OptionError
from src.classic_train.run.directory import MODEL
from src.inference.classifier import load_model
from src.inference.evaluation import Evaluation
from src.inference.thresholds import threshold_for_f1
from src.load.class_names import distinct_names
from src.torch_train.yolo.model import Scores
from src.torch_train.yolo.photos import LabelledPhotos, Photo

METRICS = {
    "exact match": "exact_match",
    "micro F1": "micro_f1",
    "macro F1": "macro_f1",
    "mAP": "mean_average_precision",
}
"""Columns of the table, and the metrics of ``classic_nn.utils.metrics``."""

CROPS, WHOLE = "boxes, which somebody has to draw", "photos alone"
"""What a model is given when it is used."""


@dataclass(frozen=True)
class Contestant:
    """A model that gives scores to labels.

    Attributes:
        name: in the table.
        learned_from: what its training data need.
        needs: what it is given when it is used.
        scores: of a photo.
    """

    name: str
    learned_from: str
    needs: str
    scores: Scores


@dataclass(frozen=True)
class Result:
    """How a contestant did.

    Attributes:
        contestant: who.
        evaluation: on the test photos, at the threshold with the best micro F1 on the validation
            photos.
        milliseconds: median from file to scores, one photo at a time.
    """

    contestant: Contestant
    evaluation: Evaluation
    milliseconds: float


def trained_model(path: Path, photos: LabelledPhotos) -> Contestant:
    """A model of ours that was trained on photos, or on what lies in their boxes.

    Args:
        path: its file, or the directory of its run.
        photos: the data; the model must not have seen the test photos.

    Raises OptionError where it is another kind of model, or has seen them.
    """
    path = path / MODEL if path.is_dir() else path
    try:
        classifier = load_model(path)
    except (TensorFileError, OSError) as error:
        raise OptionError(f"--against: {error}") from None
    model = classifier.model
    if list(classifier.classes) != list(photos.class_names):
        raise OptionError(
            f"--against: {path}: expected a model of the {len(photos.class_names)} "
            f"labels of these data, it has {len(classifier.classes)} others"
        )
    if not model.photo_digests:
        raise OptionError(f"--against: {path} does not tell which photos it has seen")
    known = photos.known(np.concatenate([*model.photo_digests.values()]).tolist())
    if known:
        raise OptionError(
            f"--against: {path} was trained on {known} of the {len(photos.splits['test'])} test "
            "photos: train it with the same --data and --split-seed, and with --samples photos "
            "(objects are divided otherwise)"
        )
    of_crops = bool(model.data.get("reading", {}).get("objects", True))

    def scores(photo: Photo) -> Array:
        images = photo.crops() if of_crops else [photo.open()]
        found = np.zeros(len(classifier.classes))
        for prediction in classifier.predict(images) if images else ():
            assert prediction.probabilities is not None
            found = np.maximum(found, [prediction.probabilities[c] for c in classifier.classes])
        return found

    name = path.parent.name if path.name == MODEL else path.stem
    learned = "boxes with a class" if of_crops else "labels of photos"
    return Contestant(name, learned, CROPS if of_crops else WHOLE, scores)


def compare(contestants: Sequence[Contestant], photos: LabelledPhotos, quiet: bool) -> list[Result]:
    """Have each give scores to validation and test photos, and number those of one name."""
    results = []
    names = distinct_names([contestant.name for contestant in contestants])
    for named, contestant in zip(names, contestants, strict=True):
        contestant = replace(contestant, name=named)
        found: dict[str, Array] = {}
        seconds: list[float] = []
        for split in ("validation", "test"):
            bar = tqdm(photos.splits[split], f"{contestant.name}, {split}", disable=quiet or None)
            scores = []
            for photo in bar:
                start = time.perf_counter()
                scores.append(contestant.scores(photo))
                seconds += [time.perf_counter() - start] * (split == "test")
            found[split] = np.stack(scores)
        threshold = threshold_for_f1(targets_of(photos, "validation"), found["validation"])
        dataset = photos.data.photos
        evaluation = Evaluation(
            "multi_label",
            photos.class_names,
            targets_of(photos, "test"),
            found["test"],
            threshold,
            dataset.images,
            dataset.splits["test"],
        )
        results.append(Result(contestant, evaluation, 1000 * float(np.median(seconds))))
    return results


def targets_of(photos: LabelledPhotos, split: str) -> NDArray[np.int64]:
    """(photos, classes) of 0 and 1."""
    return np.stack([photo.labels for photo in photos.splits[split]])


def table(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """Rows, headings first."""
    rows = [("model", "learned from", "used with", *METRICS, "threshold", "ms per photo")]
    for result in results:
        summary, who = result.evaluation.summary(), result.contestant
        rows.append(
            (
                *(who.name, who.learned_from, who.needs),
                *(f"{summary[metric]:.4f}" for metric in METRICS.values()),
                f"{result.evaluation.threshold:.3g}",
                f"{result.milliseconds:.1f}",
            )
        )
    return rows

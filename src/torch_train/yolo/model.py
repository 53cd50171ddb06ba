"""Ultralytics' YOLO: training it, and scores of labels from what it finds in a photo."""

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_train.cli.parsers import OptionError
from src.torch_train.yolo.photos import LabelledPhotos, Photo, write_crops, write_photos

LICENCE = (
    "Ultralytics YOLO is under the AGPL-3.0 licence (or a commercial one): who offers a service "
    "with it, or passes on a program with it, has to publish the whole program's source. Weights "
    "that it trains are under it too."
)

FEWEST = 0.001
"""Confidence below which boxes are of no account, as in Ultralytics' own validation."""

Scores = Callable[[Photo], Array]
"""From a photo to scores of labels, (classes,), from 0 to 1."""


@dataclass(frozen=True)
class YoloSettings:
    """How a YOLO model is trained.

    Attributes:
        epochs: passes over the training data; 0 uses the weights as they are.
        batch_size: photos, or crops, in a mini-batch.
        image_size: height and width of the network's input.
        seed: of the weights and of the order of samples.
        device: "cpu", "cuda", ...
        quiet: whether Ultralytics says nothing.
    """

    epochs: int
    batch_size: int
    image_size: int
    seed: int = 0
    device: str = "cpu"
    quiet: bool = False


def load_yolo(weights: str) -> Any:
    """The model of a file of weights, or of an architecture, untrained (.yaml); says the licence.

    Raises OptionError where the library is missing, or the file, or it is another kind of model.
    """
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")  # nothing is installed behind one's back
    try:
        from ultralytics import YOLO
        from ultralytics.utils.events import events
    except ImportError as error:
        raise OptionError(
            f"this needs Ultralytics: pip install -e '.[yolo]'; its licence is AGPL-3.0 ({error})"
        ) from None
    events.enabled = False  # no telemetry
    print(LICENCE, flush=True)
    try:
        model = YOLO(weights)
    except Exception as error:  # of many kinds: no network, no such file, damaged
        cause = " ".join(str(error).split())[:200]
        raise OptionError(
            f"--weights: {weights} cannot be read or fetched ({cause}); give a file, or an "
            "untrained architecture: yolo11n-cls.yaml, yolo11n.yaml"
        ) from None
    if model.task not in ("classify", "detect"):
        raise OptionError(
            f"--weights: expected a model that classifies or detects, {weights} is for {model.task}"
        )
    return model


def train_yolo(model: Any, photos: LabelledPhotos, run: Path, settings: YoloSettings) -> Any:
    """Train a model on crops or on photos, by its task; returns that of the best epoch.

    Args:
        model: of ``load_yolo``.
        photos: to learn from, and to choose the epoch by.
        run: directory for what Ultralytics reads and writes.
        settings: of the training.
    """
    from ultralytics import YOLO

    write = write_crops if model.task == "classify" else write_photos
    data = write(photos, run / "yolo_data", settings.image_size)
    with guest(settings.quiet):
        model.train(
            data=str(data),
            epochs=settings.epochs,
            batch=settings.batch_size,
            imgsz=settings.image_size,
            seed=settings.seed,
            device=settings.device,
            project=str(run.resolve()),
            name="yolo",
            exist_ok=True,
            workers=0,
            plots=False,
            amp=False,  # its check fetches a model
            verbose=not settings.quiet,
        )
    return YOLO(run / "yolo" / "weights" / "best.pt")


@contextlib.contextmanager
def guest(quiet: bool) -> Iterator[None]:
    """Ultralytics at work: quiet if asked, and without a trace in NumPy's global generator."""
    from ultralytics.utils import LOGGER

    level, state = LOGGER.level, np.random.get_state()  # noqa: NPY002
    LOGGER.setLevel(logging.ERROR if quiet else level)
    try:
        yield
    finally:
        LOGGER.setLevel(level)
        np.random.set_state(state)  # noqa: NPY002


def scores_of_crops(model: Any, classes: int, settings: YoloSettings) -> Scores:
    """The largest probability of each class among the crops of a photo; 0 without any."""
    numbers = np.array([int(name) for _, name in sorted(model.names.items())])

    def scores(photo: Photo) -> Array:
        found = np.zeros(classes)
        if len(photo.boxes):
            results = _predicted(model, photo.crops(), settings)
            probabilities = np.stack([r.probs.data.cpu().numpy() for r in results])
            found[numbers] = probabilities.max(axis=0)
        return found

    return scores


def scores_of_boxes(model: Any, classes: int, settings: YoloSettings) -> Scores:
    """The largest confidence of a box of each class; 0 where there is none."""

    def scores(photo: Photo) -> Array:
        found = np.zeros(classes)
        (result,) = _predicted(model, [photo.open()], settings)
        of_class = result.boxes.cls.cpu().numpy().astype(int)
        np.maximum.at(found, of_class, result.boxes.conf.cpu().numpy())
        return found

    return scores


def _predicted(model: Any, images: list[Any], settings: YoloSettings) -> Any:
    return model.predict(
        images,
        imgsz=settings.image_size,
        conf=FEWEST,
        device=settings.device,
        verbose=False,
        save=False,
    )

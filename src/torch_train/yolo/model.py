"""Ultralytics' YOLO: training it, and scores of labels from what it finds in a photo."""

import contextlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_train.cli.parsers import OptionError
from src.classic_train.parallel.choice import usable_cores
from src.common.files import write_json
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
        quiet: whether Ultralytics is silent.
    """

    epochs: int
    batch_size: int
    image_size: int
    seed: int = 0
    device: str = "cpu"
    quiet: bool = False


def load_yolo(weights: str, quiet: bool = False) -> Any:
    """The model of a file of weights, or of an architecture, untrained (.yaml); says the licence.

    Raises OptionError where the library is missing, or the file, or it is another kind of model.
    """
    if Path(weights).suffix not in (".pt", ".yaml"):
        raise OptionError(f"--weights: expected a file .pt or .yaml, got {weights!r}")
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")  # nothing is installed behind one's back
    # as many threads as ours have, where it would leave a core alone
    os.environ.setdefault("OMP_NUM_THREADS", str(usable_cores()))
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
        with guest(quiet):
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
    folder = run / "yolo_data"
    try:
        data = write(photos, folder, settings.image_size)
        _train(model, data, run, settings)
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # copies
    best = run / "yolo" / "weights" / "best.pt"
    write_json(
        best.with_suffix(".json"),
        {"task": model.task, "classes": list(photos.class_names), "seen": photos.seen()},
    )
    with guest(settings.quiet):
        return YOLO(best)


def check_weights(model: Any, weights: str, photos: LabelledPhotos, trained: bool) -> str:
    """What is to be said of weights and test photos; empty for nothing.

    Args:
        model: of ``load_yolo``.
        weights: where it came from.
        photos: it will be evaluated on.
        trained: whether it is used as it is.

    Raises OptionError for a model of other classes, or one that has seen the test photos.
    """
    path = Path(weights).with_suffix(".json")
    found: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(path.read_text("utf-8"))
    classes = found.get("classes")
    own = classes if classes is not None else [name for _, name in sorted(model.names.items())]
    if trained and (own != list(photos.class_names) or model.task != found.get("task", "detect")):
        raise OptionError(
            f"--epochs 0: {weights} has other classes than the data ({', '.join(own[:3])}, ...), "
            f"or {path.name} beside it, which says so, is missing; train it on them first"
        )
    known = photos.known(found.get("seen", ()))
    if known:
        raise OptionError(
            f"--weights: {weights} was trained on {known} of the {len(photos.splits['test'])} test "
            "photos: use the --data and --split-seed that it was trained with"
        )
    if found or Path(weights).suffix == ".yaml":
        return ""
    return f"{weights} does not tell which photos it has seen: the test photos may be among them"


def _train(model: Any, data: Path, run: Path, settings: YoloSettings) -> None:
    """Have Ultralytics train; what it refuses is one line."""
    with guest(settings.quiet), _one_line("trains"):
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


@contextlib.contextmanager
def _one_line(what: str) -> Iterator[None]:
    """Raise OptionError, in one line, for what Ultralytics raises."""
    try:
        yield
    except (RuntimeError, ValueError, TypeError, OSError, ImportError) as error:
        cause = " ".join(str(error).split())[:300]
        raise OptionError(f"Ultralytics {what}, and says: {cause}") from None


@contextlib.contextmanager
def guest(quiet: bool) -> Iterator[None]:
    """Ultralytics at work: silent if asked, and without a trace in NumPy's global generator."""
    from ultralytics.utils import LOGGER

    level, state = LOGGER.level, np.random.get_state()  # noqa: NPY002
    LOGGER.setLevel(logging.CRITICAL if quiet else level)
    try:
        yield
    finally:
        LOGGER.setLevel(level)
        np.random.set_state(state)  # noqa: NPY002


def scores_of_crops(model: Any, classes: int, settings: YoloSettings) -> Scores:
    """The largest probability of each class among the crops of a photo; 0 without any."""
    numbers = np.array([int(name) for _, name in sorted(model.names.items())])  # of folders

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
    with guest(settings.quiet), _one_line("predicts"):
        return model.predict(
            images,
            imgsz=settings.image_size,
            conf=FEWEST,
            device=settings.device,
            verbose=False,
            save=False,
        )

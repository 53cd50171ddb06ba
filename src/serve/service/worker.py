"""A worker process: it loads the models, and answers one job after the other.

Each photo goes through the network by itself, on one core, as ``python -m src.inference predict``
does it: the same bits, whoever else asks at the same time.
"""

import base64
import contextlib
import io
import os
import signal
import sys
import threading
import traceback
import warnings
from functools import cached_property, partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from src.classic_nn.serialization import TensorFileError
from src.common.product_threads import limited_product_threads
from src.inference.classifier import Classifier, load_model
from src.inference.output import as_values
from src.load.errors import UnreadableDataError
from src.load.images import decode_image
from src.serve.service.card import describe
from src.serve.service.jobs import (
    Answer,
    ExplainJob,
    GlassJob,
    Job,
    PredictJob,
    Problem,
    Ready,
    Unusable,
)

if TYPE_CHECKING:
    from src.serve.service.glass import Glass

SHOWN = 448
"""Pixels of the longer side of the picture of an input, at least: those of few pixels grow."""


def run_worker(connection: Connection, models: dict[str, Path], pixels: int, threads: int) -> None:
    """Answer jobs until the server closes the connection.

    Lists of jobs come in; a pair goes out for each of them: its place in the list, the answer.

    Args:
        connection: to the server.
        models: files by name.
        pixels: of a photo, at most.
        threads: of an explanation; predictions have one.
    """
    for number in (signal.SIGINT, signal.SIGTERM):  # a terminal and systemd tell all processes
        signal.signal(number, signal.SIG_IGN)
    # tqdm's own lock is one between processes, which a process that is ended would leave behind
    tqdm.set_lock(threading.RLock())
    silence_decoders()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        first, worker = load_worker(models, pixels, threads)
        connection.send(first)
        if worker is None:
            return
        with limited_product_threads(1):
            while jobs := connection.recv():
                for place, job in enumerate(jobs):
                    connection.send((place, worker.answer(job)))


def load_worker(
    models: dict[str, Path], pixels: int, threads: int
) -> tuple[Ready | Unusable, "Worker | None"]:
    """A worker that has answered once with each model, or why there is none."""
    worker = Worker({}, pixels, models)
    described, files = [], []
    for name, path in models.items():
        try:
            files.append(identity(path))
            classifier = load_model(path, threads)
            classifier.image_transform()
            worker.classifiers[name] = classifier
            tried = worker.predict(PredictJob(name, str(path), _white_photo()))
            if "error" in tried:
                raise UnreadableDataError(str(tried["error"]))
            described.append(describe(name, path, classifier))
        except TensorFileError as error:
            return Unusable(str(error)), None
        except (UnreadableDataError, MemoryError) as error:
            cause = str(error) or "not enough memory"
            return Unusable(cause if str(path) in cause else f"{path}: {cause}"), None
    return Ready(described, files), worker


def identity(path: Path) -> tuple[int, ...]:
    """What tells a file from another one that has taken its place."""
    try:
        found = path.stat()
    except OSError:
        return ()  # reading it says why
    return found.st_size, found.st_mtime_ns, found.st_ino


def silence_decoders() -> None:
    """Let damaged photos write nothing into the log: Pillow's warnings, and lines from C.

    What this process says itself still gets there.
    """
    warnings.simplefilter("ignore")
    sys.stderr.flush()
    own = os.dup(2)
    sys.stderr = os.fdopen(own, "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


class Worker:
    """Answers jobs.

    Args:
        classifiers: by name.
        pixels: of a photo, at most.
        models: files by name.
    """

    def __init__(
        self, classifiers: dict[str, Classifier], pixels: int, models: dict[str, Path]
    ) -> None:
        self.classifiers = classifiers
        self.pixels = pixels
        self.models = models

    def answer(self, job: Job) -> Answer:
        """The answer to a job, or the problem; it raises nothing."""
        try:
            if isinstance(job, GlassJob):
                return self.look(job)
            return self.predict(job) if isinstance(job, PredictJob) else self.explain(job)
        except UnreadableDataError as error:
            return Problem(422, str(error))
        except MemoryError:
            return Problem(503, "not enough memory for this photo at the moment", again=5)
        except Exception:  # the client learns that there was a mistake, the log which one
            traceback.print_exc(file=sys.stderr)
            return Problem(500, "a mistake in the server; its log says more")

    def predict(self, job: PredictJob) -> dict[str, Any]:
        """What ``predict --json`` prints of the photo."""
        classifier = self.classifiers[job.model]
        read = partial(decode_image, job.content, job.name, classifier.white, self.pixels)
        prediction = classifier.predict_here(job.name, read, job.threshold, job.reject_below)
        return as_values(prediction)

    def look(self, job: GlassJob) -> dict[str, Any]:
        """The answer to a question of the glass box. Raises UnreadableDataError."""
        from src.serve.service.glass import question_of

        return self.glass.answer(job.model, question_of(job.body))

    @cached_property
    def glass(self) -> "Glass":
        """Made when somebody first asks, as it imports much."""
        from src.serve.service.glass import Glass

        return Glass(self.models, self.pixels)

    def explain(self, job: ExplainJob) -> dict[str, Any]:
        """Numbers and pictures; see ``app`` for their names. Raises UnreadableDataError."""
        # explanations import much, and most servers are asked for none
        from src.inference.explain.drawing import Pictures, draw_sheet
        from src.inference.explain.explainer import Explainer
        from src.inference.explain.saving import explanation_values
        from src.inference.explain_settings import Settings

        classifier = self.classifiers[job.model]
        picture = decode_image(job.content, job.name, classifier.white, self.pixels)
        x = classifier.prepare(picture).astype(classifier.model.network.parameters.vector.dtype)
        explainer = Explainer(
            classifier,
            job.class_name,
            job.against,
            job.baseline,
            settings=Settings(
                steps=job.steps, tolerance=np.inf, coalitions=job.coalitions, layer=job.layer
            ),
        )
        (found,) = explainer.explain(job.name, x, [job.method])
        if found.error:
            raise UnreadableDataError(f"{job.name}: {job.method}: {found.error}")
        levels = Pictures(classifier).levels(x)
        if job.sheet:
            content = io.BytesIO()
            draw_sheet([found], levels, job.name).savefig(content, format="png", dpi=100)
            return {"png": content.getvalue()}
        size = _shown_size(levels)
        values = explanation_values([found])
        return {
            **{key: value for key, value in values.items() if key != "methods"},
            "method": job.method,
            "figures": values["methods"][job.method],
            "photo": _png(_bytes_of(levels), size),
            "heat": _png(heat_colours(found.heat), size),
        }


def heat_colours(heat: NDArray[np.float64]) -> NDArray[np.uint8]:
    """(height, width, 4): a heat map as it lies over a photo; where it is weak it is clear."""
    import matplotlib

    from src.inference.explain.drawing import COLOURS, colour_limit, opacity, smoothed

    shown = smoothed(heat)
    limit = colour_limit(shown)
    colours = matplotlib.colormaps[COLOURS]((np.clip(shown / limit, -1, 1) + 1) / 2)
    colours[..., 3] = opacity(shown, limit)
    return _bytes_of(colours)


def _bytes_of(levels: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.round(255 * levels).astype(np.uint8)


def _shown_size(levels: NDArray[Any]) -> tuple[int, int]:
    """Width and height of the picture of an input."""
    height, width = levels.shape[:2]
    times = max(-(-SHOWN // max(height, width)), 1)
    return times * width, times * height


def _png(pixels: NDArray[np.uint8], size: tuple[int, int]) -> str:
    """A picture of pixels (height, width, 1, 3 or 4) as a PNG in base64."""
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    content = io.BytesIO()
    image.resize(size, Image.Resampling.BILINEAR).save(content, "PNG", compress_level=3)
    return base64.b64encode(content.getvalue()).decode("ascii")


def _white_photo() -> bytes:
    """A photo to try a model with; compiled loops are compiled by it."""
    content = io.BytesIO()
    Image.new("RGB", (64, 64), "white").save(content, "PNG")
    return content.getvalue()

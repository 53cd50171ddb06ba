"""Writing what happens inside training to TensorBoard event files.

Neither torch nor TensorFlow is needed. Every record of a call travels in one event; events are on
the disk after ``flush``, where TensorBoard and ``TrainingHistoryReader`` see them.
"""

import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary

from src.history.graph import GraphNode, graph_definition
from src.history.records import RecordWriter
from src.history.statistics import array_histogram, array_statistics, fraction_of_zeros
from src.history.summaries import (
    histogram_value,
    hyperparameter_values,
    image_value,
    layout_value,
    scalar_values,
    text_value,
)
from src.history.tags import (
    CHARTS,
    COST_TAGS,
    KINDS,
    activation_tag,
    gradient_tag,
    histogram_tag,
    metric_tag,
    parameter_tag,
)
from src.history.warning import HistoryWarning

RUN = ""
"""The run directory itself, among its sub-directories."""

HISTOGRAM_BATCH = 0
"""The mini-batch of whose gradients there are histograms."""


class TrainingHistoryWriter:
    """Records costs, parameters, gradients, activations, metrics and pictures of one run.

    Args:
        run_directory: where the run's event files go, for example ``logs/my_run``.
        resume_after: epoch that a continued run starts from. Records of later epochs, left in the
            directory by the run that was stopped or by another one, are out of date; TensorBoard
            and ``TrainingHistoryReader`` pass over them.
        histograms: whether there are histograms of parameters, gradients and activations.

    Attributes:
        seconds: time spent in recording so far.

    Where nothing can be written any more, a full disk for example, a ``HistoryWarning`` says so
    once, and training goes on without a history: it is worth more than its record.

    >>> import tempfile
    >>> with TrainingHistoryWriter(tempfile.mkdtemp()) as writer:
    ...     writer.write_cost(epoch=1, value=0.7)
    ...     writer.write_metrics(epoch=1, values={"accuracy": 0.5})
    """

    def __init__(
        self,
        run_directory: str | Path,
        resume_after: int = 0,
        histograms: bool = True,
    ) -> None:
        self.run_directory = Path(run_directory)
        self.histograms = histograms
        self.seconds = 0.0
        self._resume_after: int | None = resume_after  # None once it is recorded
        self._writers: dict[str, RecordWriter] = {}
        self._failed = False

    def write_cost(self, epoch: int, value: float, split: str = "train") -> None:
        """Record the cost of an epoch on the "train" or the "validation" data.

        With the first one goes the layout of charts, which has both on one. Raises ValueError for
        another split.
        """
        if split not in COST_TAGS:
            raise ValueError(f"split must be 'train' or 'validation', got {split!r}")
        with self._clock():
            if "cost" not in self._writers:
                self._write(RUN, 0, [layout_value(CHARTS)])
            self._write("cost", epoch, scalar_values({COST_TAGS[split]: value}))

    def write_metrics(self, epoch: int, values: Mapping[str, float]) -> None:
        """Record metrics, and anything else that is one number an epoch, by name."""
        with self._clock():
            named = {metric_tag(name): value for name, value in values.items()}
            self._write("metrics", epoch, scalar_values(named))

    def write_parameters(self, epoch: int, parameters: Mapping[str, NDArray[Any]]) -> None:
        """Record the statistics of each parameter, and its histogram."""
        self._write_arrays("parameters", epoch, parameters, parameter_tag, self.histograms)

    def write_gradients(
        self, epoch: int, batch: int, gradients: Mapping[str, NDArray[Any]]
    ) -> None:
        """Record the statistics of each gradient of one mini-batch; histograms of the first one.

        The keys are the parameters' names (``W1``); the tags say ``dW1``.
        """
        histograms = self.histograms and batch == HISTOGRAM_BATCH
        self._write_arrays("gradients", epoch, gradients, partial(gradient_tag, batch), histograms)

    def write_activations(self, epoch: int, outputs: Mapping[str, NDArray[Any]]) -> None:
        """Record the statistics of layers' outputs, the fraction that is zero, and histograms."""
        self._write_arrays("activations", epoch, outputs, activation_tag, self.histograms)

    def write_image(self, epoch: int, name: str, pixels: NDArray[np.uint8]) -> None:
        """Record a picture, (height, width, 3) or (height, width) of 8-bit levels."""
        with self._clock():
            self._write("images", epoch, [image_value(f"/images/{name}", pixels)])

    def write_text(self, epoch: int, name: str, text: str) -> None:
        """Record a text in Markdown."""
        with self._clock():
            self._write(RUN, epoch, [text_value(name, text)])

    def write_graph(self, nodes: Iterable[GraphNode]) -> None:
        """Record the graph of the network."""
        with self._clock():
            self._put(RUN, Event(wall_time=time.time(), graph_def=graph_definition(nodes)))

    def write_hyperparameters(
        self, settings: Mapping[str, str | float | bool], metrics: Iterable[str]
    ) -> None:
        """Record the settings of the run.

        Args:
            settings: by name.
            metrics: those that the HParams view shows next to the settings, and the cost.
        """
        shown = {metric_tag(name): "metrics" for name in metrics}
        shown.update(dict.fromkeys(COST_TAGS.values(), "cost"))
        with self._clock():
            run = self.run_directory.name
            self._write(RUN, 0, hyperparameter_values(run, settings, shown))

    def flush(self) -> None:
        """Put everything recorded so far on the disk, where TensorBoard sees it."""
        with self._clock():
            for writer in self._writers.values():
                self._guard(writer.flush)

    def close(self) -> None:
        """Flush and close the files."""
        with self._clock():
            for writer in self._writers.values():
                self._guard(writer.close)
            self._writers.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _write_arrays(
        self,
        kind: str,
        epoch: int,
        arrays: Mapping[str, NDArray[Any]],
        tag: Callable[[str, str], str],
        histograms: bool,
    ) -> None:
        """Record the statistics of arrays; ``tag`` names them by array and statistic."""
        if self._failed:
            return
        with self._clock():
            values = []
            for name, array in arrays.items():
                statistics = array_statistics(array)
                if kind == "activations":
                    statistics["zeros"] = fraction_of_zeros(array)
                values += scalar_values({tag(name, key): statistics[key] for key in statistics})
                histogram = array_histogram(array) if histograms else None
                if histogram is not None:
                    values.append(histogram_value(histogram_tag(kind, name), histogram))
            self._write(kind, epoch, values)

    def _write(self, kind: str, epoch: int, values: list[Summary.Value]) -> None:
        """Record values in one event, in the sub-directory ``kind``."""
        self._put(kind, Event(wall_time=time.time(), step=epoch, summary=Summary(value=values)))

    def _put(self, kind: str, event: Event) -> None:
        """Hand an event to the file of its kind, which begins with the first."""
        if self._resume_after is not None:
            epoch, self._resume_after = self._resume_after, None
            for later in (RUN, *KINDS):
                if any((self.run_directory / later).glob("*tfevents*")):
                    self._put(later, _restart(epoch + 1))
        if self._failed:
            return
        if kind not in self._writers:
            self._guard(partial(self._open, kind))
        if kind in self._writers:
            self._guard(partial(self._writers[kind].write, event.SerializeToString()))

    def _open(self, kind: str) -> None:
        writer = RecordWriter(self.run_directory / kind)
        begin = Event(wall_time=time.time(), file_version="brain.Event:2")
        writer.write(begin.SerializeToString())
        self._writers[kind] = writer

    def _guard(self, action: Callable[[], None]) -> None:
        """Do something with files; where it fails, say so once and record no more."""
        try:
            action()
        except OSError as error:
            if not self._failed:
                self._failed = True
                warnings.warn(
                    f"{self.run_directory}: the history can't be written any more "
                    f"({error.strerror or error}); training goes on without it",
                    HistoryWarning,
                    stacklevel=5,
                )

    @contextmanager
    def _clock(self) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - start


def _restart(epoch: int) -> Event:
    """Marks earlier records of an epoch and of those after it as out of date."""
    log = SessionLog(status=SessionLog.START)
    return Event(wall_time=time.time(), step=epoch, session_log=log)

"""Writing what happens inside training to TensorBoard event files.

TensorBoard's own event writer does the work, so neither torch nor TensorFlow is needed, and every
record of a call travels in one event.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from numpy.typing import NDArray
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from src.history.statistics import array_statistics
from src.history.tags import COST_TAGS, KINDS, gradient_tag, metric_tag, parameter_tag


class TrainingHistoryWriter:
    """Records costs, parameters, gradients and metrics of one run.

    Args:
        run_directory: where the run's event files go, for example ``logs/my_run``.
        resume_after: epoch that a continued run starts from. Records of later epochs, left by the
            run that was stopped, are then out of date; TensorBoard and ``TrainingHistoryReader``
            pass over them.

    Attributes:
        seconds: time spent in recording so far.

    >>> import tempfile
    >>> with TrainingHistoryWriter(tempfile.mkdtemp()) as writer:
    ...     writer.write_cost(epoch=1, value=0.7)
    ...     writer.write_metrics(epoch=1, values={"accuracy": 0.5})
    """

    def __init__(self, run_directory: str | Path, resume_after: int | None = None) -> None:
        self.run_directory = Path(run_directory)
        self.seconds = 0.0
        self._resume_after = resume_after
        self._writers: dict[str, EventFileWriter] = {}

    def write_cost(self, epoch: int, value: float, split: str = "train") -> None:
        """Record the cost of an epoch on the "train" or the "validation" data."""
        self._write("cost", epoch, {COST_TAGS[split]: value})

    def write_metrics(self, epoch: int, values: Mapping[str, float]) -> None:
        """Record metrics, and anything else that is one number an epoch, by name."""
        self._write("metrics", epoch, {metric_tag(name): value for name, value in values.items()})

    def write_parameters(self, epoch: int, parameters: Mapping[str, NDArray[Any]]) -> None:
        """Record mean, standard deviation and norm of each parameter."""
        self._write_statistics("parameters", epoch, parameters, parameter_tag)

    def write_gradients(
        self, epoch: int, batch: int, gradients: Mapping[str, NDArray[Any]]
    ) -> None:
        """Record mean, standard deviation and norm of each gradient of one mini-batch.

        The keys are the parameters' names (``W1``); the tags say ``dW1``.
        """
        self._write_statistics("gradients", epoch, gradients, partial(gradient_tag, batch))

    def flush(self) -> None:
        """Put everything recorded so far on the disk, where TensorBoard sees it."""
        start = time.perf_counter()
        for writer in self._writers.values():
            writer.flush()
        self.seconds += time.perf_counter() - start

    def close(self) -> None:
        """Flush and close the files."""
        for writer in self._writers.values():
            writer.close()
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

    def _write_statistics(
        self,
        kind: str,
        epoch: int,
        arrays: Mapping[str, NDArray[Any]],
        tag: Callable[[str, str], str],
    ) -> None:
        """Record the statistics of arrays; ``tag`` names them by array and statistic."""
        start = time.perf_counter()
        values = {
            tag(name, statistic): value
            for name, array in arrays.items()
            for statistic, value in array_statistics(array).items()
        }
        self.seconds += time.perf_counter() - start
        self._write(kind, epoch, values)

    def _write(self, kind: str, epoch: int, values: Mapping[str, float]) -> None:
        """Record values by tag, in one event, in the sub-directory ``kind``."""
        start = time.perf_counter()
        if self._resume_after is not None:
            self._end_later_records(self._resume_after)
            self._resume_after = None
        if kind not in self._writers:
            self._writers[kind] = EventFileWriter(str(self.run_directory / kind))
        summary = Summary(
            value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        )
        self._writers[kind].add_event(Event(wall_time=time.time(), step=epoch, summary=summary))
        self.seconds += time.perf_counter() - start

    def _end_later_records(self, epoch: int) -> None:
        """Mark records of later epochs as out of date, in every sub-directory that has any."""
        for kind in KINDS:
            if (self.run_directory / kind).is_dir():
                writer = EventFileWriter(str(self.run_directory / kind))
                restart = SessionLog(status=SessionLog.START)
                event = Event(wall_time=time.time(), step=epoch + 1, session_log=restart)
                writer.add_event(event)
                self._writers[kind] = writer

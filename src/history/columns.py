"""From event files to a table, column by column."""

import warnings
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tensorboard.compat.proto.event_pb2 import Event, SessionLog

from src.history.records import Records
from src.history.warning import HistoryWarning

COLUMNS = {"run": "str", "step": "int64", "tag": "str", "value": "float64", "wall_time": "float64"}
"""Columns of every table: the run's name, the epoch, the tag, the value, the time in seconds."""


class Columns:
    """Records column by column: a million of them are 30 MB of numbers.

    Names come again and again; each is kept once, and its records have its number.
    """

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.runs, self.steps, self.tags = array("q"), array("q"), array("q")
        self.values, self.times = array("d"), array("d")

    def number(self, name: str) -> int:
        """Of a run or a tag."""
        return self.names.setdefault(name, len(self.names))

    def add_directory(self, directory: Path, run: str) -> None:
        """Add the scalars of all event files, in the order in which the files were begun.

        Where a continued run says that it starts again at a step, earlier records from that step
        on are dropped, as TensorBoard does.
        """
        start = len(self.steps)
        files = ((_begin(path), path) for path in directory.glob("*tfevents*"))
        for _, path in sorted((begin, path) for begin, path in files if begin is not None):
            for event in _events(path):
                if event.session_log.status == SessionLog.START:
                    self._drop(start, event.step)
                step, time = event.step, event.wall_time
                for value in event.summary.value:
                    if value.HasField("simple_value"):
                        self.steps.append(step)
                        self.tags.append(self.number(value.tag))
                        self.values.append(value.simple_value)
                        self.times.append(time)
        self.runs.extend([self.number(run)] * (len(self.steps) - start))

    def _drop(self, start: int, step: int) -> None:
        """Forget records from ``start`` on that are of a step or of a later one."""
        kept = np.flatnonzero(np.array(self.steps)[start:] < step) + start
        for column in (self.steps, self.tags, self.values, self.times):
            rows = np.array(column)[kept]
            del column[start:]
            column.frombytes(rows.tobytes())

    def table(self) -> pd.DataFrame:
        """As a DataFrame, sorted by run and step."""
        columns = [np.array(c) for c in (self.runs, self.steps, self.tags, self.values, self.times)]
        names = np.array([*self.names, ""], dtype=object)
        ranks = np.argsort(np.argsort(names[:-1]))
        order = np.lexsort((columns[1], ranks[columns[0]])) if len(columns[0]) else np.arange(0)
        runs, steps, tags, values, times = (column[order] for column in columns)
        data: list[NDArray[Any]] = [names[runs], steps, names[tags], values, times]
        return pd.DataFrame(dict(zip(COLUMNS, data, strict=True))).astype(COLUMNS)


def _begin(path: Path) -> float | None:
    """When a file was begun; None where it has no event."""
    for data in Records(path):
        return Event.FromString(data).wall_time
    return None


def _events(path: Path) -> Iterator[Event]:
    """Events of a file up to its end or to the first damaged record, of which a warning tells."""
    records = Records(path)
    for data in records:
        yield Event.FromString(data)
    if records.complete < records.size:
        warnings.warn(
            f"{path}: incomplete after byte {records.complete} of {records.size} (the run was "
            "stopped while writing, or is writing now); the records before were read",
            HistoryWarning,
            stacklevel=6,
        )

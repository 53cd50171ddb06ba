"""From event files to a table, column by column."""

from __future__ import annotations

import warnings
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from tensorboard.compat.proto.event_pb2 import SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.scalar.metadata import PLUGIN_NAME as SCALARS_PLUGIN

from src.common.files import printable
from src.history.events import files_in_order, read_events
from src.history.tags import current_tag
from src.history.warning import HistoryWarning

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = {"run": "str", "step": "int64", "tag": "str", "value": "float64", "wall_time": "float64"}
"""Columns of every table: the run's name, the epoch, the tag, the value, the time in seconds."""


def is_scalar(value: Summary.Value, known: set[str]) -> bool:
    """Whether a tensor belongs to the Scalars view.

    Only the first record of a tag must say so: its name is added to ``known``.
    """
    plugin = value.metadata.plugin_data.plugin_name
    if plugin == SCALARS_PLUGIN:
        known.add(value.tag)
    return plugin == SCALARS_PLUGIN or (not plugin and value.tag in known)


def scalar_of_tensor(value: Summary.Value) -> float | None:
    """The number that a tensor holds; None where it holds none, or several."""
    from tensorboard.util.tensor_util import make_ndarray

    try:
        return float(make_ndarray(value.tensor).reshape(()))
    except (TypeError, ValueError):
        return None


class Columns:
    """Records column by column: a million of them are 30 MB of numbers.

    Names come again and again; each is kept once, and its records have its number.
    """

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.tags_in_files: dict[str, int] = {}
        self.runs, self.steps, self.tags = array("q"), array("q"), array("q")
        self.values, self.times = array("d"), array("d")

    def number(self, name: str) -> int:
        """Of a run or a tag."""
        return self.names.setdefault(name, len(self.names))

    def tag_number(self, tag: str) -> int:
        """Of a tag as it stands in a file."""
        if tag not in self.tags_in_files:
            self.tags_in_files[tag] = self.number(current_tag(tag))
        return self.tags_in_files[tag]

    def add_directory(self, directory: Path, run: str) -> None:
        """Add the scalars of all event files, in the order in which the files were begun.

        Where a continued run says that it starts again at a step, earlier records from that step
        on are dropped, as TensorBoard does.
        """
        start = len(self.steps)
        of_scalars: set[str] = set()  # tags whose tensors are scalars, as TensorFlow 2 writes them
        for path in files_in_order(directory):
            for event in read_events(path):
                if event.session_log.status == SessionLog.START:
                    self._drop(start, event.step)
                step, time = event.step, event.wall_time
                for value in event.summary.value:
                    if value.HasField("simple_value"):
                        number = value.simple_value
                    elif value.HasField("tensor") and is_scalar(value, of_scalars):
                        scalar = scalar_of_tensor(value)
                        if scalar is None:
                            what = f"{path}: {value.tag}: a tensor that is no number was left out"
                            warnings.warn(what, HistoryWarning, stacklevel=2)
                            continue
                        number = scalar
                    else:
                        continue
                    self.steps.append(step)
                    self.tags.append(self.tag_number(value.tag))
                    self.values.append(number)
                    self.times.append(time)
        self.runs.extend([self.number(printable(run))] * (len(self.steps) - start))

    def _drop(self, start: int, step: int) -> None:
        """Forget records from ``start`` on that are of a step or of a later one."""
        kept = np.flatnonzero(np.array(self.steps)[start:] < step) + start
        for column in (self.steps, self.tags, self.values, self.times):
            rows = np.array(column)[kept]
            del column[start:]
            column.frombytes(rows.tobytes())

    def table(self) -> pd.DataFrame:
        """As a DataFrame, sorted by run and step."""
        import pandas as pd

        columns = [np.array(c) for c in (self.runs, self.steps, self.tags, self.values, self.times)]
        names = np.array([*self.names, ""], dtype=object)
        ranks = np.argsort(np.argsort(names[:-1]))
        order = np.lexsort((columns[1], ranks[columns[0]])) if len(columns[0]) else np.arange(0)
        runs, steps, tags, values, times = (column[order] for column in columns)
        data: list[NDArray[Any]] = [names[runs], steps, names[tags], values, times]
        return pd.DataFrame(dict(zip(COLUMNS, data, strict=True))).astype(COLUMNS)

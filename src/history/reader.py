"""Reading a training history into pandas."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event, SessionLog

from src.history.tags import COST_TAGS, KINDS

COLUMNS = {"run": "str", "step": "int64", "tag": "str", "value": "float64", "wall_time": "float64"}
"""Columns of every table: the run's name, the epoch, the tag, the value, the time in seconds."""

Record = tuple[int, str, float, float]
"""Step, tag, value, wall time."""


class HistoryWarning(UserWarning):
    """Part of a history is missing; what there is was read."""


class TrainingHistoryReader:
    """The history of one run, or of all runs below a directory, as pandas tables.

    Args:
        log_directory: a run directory, or one that holds several (at any depth). It may be
            missing or still being written: what there is, is read, and a ``HistoryWarning`` says
            what is not there.

    Each method returns a DataFrame with the columns run, step (the epoch), tag, value and
    wall_time, sorted by run and step.
    """

    def __init__(self, log_directory: str | Path = "logs") -> None:
        self.log_directory = Path(log_directory)

    def get_history(self) -> pd.DataFrame:
        """Everything: costs, parameters, gradients and metrics."""
        return self._read(KINDS)

    def get_parameters(self, epoch: int | None = None) -> pd.DataFrame:
        """Statistics of the parameters, of one epoch or of all."""
        return _of_epoch(self._read(("parameters",)), epoch)

    def get_gradients(self, epoch: int | None = None) -> pd.DataFrame:
        """Statistics of the gradients of every recorded mini-batch, of one epoch or of all."""
        return _of_epoch(self._read(("gradients",)), epoch)

    def get_costs(self, split: str = "train") -> pd.DataFrame:
        """Costs on the "train" data, on the "validation" data, or both ("all")."""
        costs = self._read(("cost",))
        if split == "all":
            return costs
        if split not in COST_TAGS:
            raise ValueError(f"split must be 'train', 'validation' or 'all', got {split!r}")
        return costs[costs["tag"] == COST_TAGS[split]].reset_index(drop=True)

    def get_metrics(self) -> pd.DataFrame:
        """Metrics of the validation data, and the learning rate."""
        return self._read(("metrics",))

    def _read(self, kinds: tuple[str, ...]) -> pd.DataFrame:
        """Records of all runs in the given sub-directories."""
        rows: list[tuple[str, int, str, float, float]] = []
        for directory in self._directories(kinds):
            rows += [
                (self._run_name(directory.parent), *record)
                for record in _directory_records(directory)
            ]
        table = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
        return table.sort_values(["run", "step"], kind="stable", ignore_index=True)

    def _run_name(self, run: Path) -> str:
        """Path of the run below the log directory; its own name if it is that directory."""
        if run != self.log_directory and run.is_relative_to(self.log_directory):
            return run.relative_to(self.log_directory).as_posix()
        return run.resolve().name

    def _directories(self, kinds: tuple[str, ...]) -> list[Path]:
        """Sub-directories of runs with event files; warns where there are none."""
        if not self.log_directory.is_dir():
            _warn(f"{self.log_directory}: no such directory; train with --log-dir to fill one")
            return []
        found = sorted({path.parent for path in self.log_directory.rglob("*tfevents*")})
        runs = [directory for directory in found if directory.name in KINDS]
        if not runs:
            _warn(f"{self.log_directory}: no training runs below this directory")
        return [directory for directory in runs if directory.name in kinds]


def _of_epoch(table: pd.DataFrame, epoch: int | None) -> pd.DataFrame:
    return table if epoch is None else table[table["step"] == epoch].reset_index(drop=True)


def _directory_records(directory: Path) -> list[Record]:
    """Records of all event files of a directory, in the order in which the files were begun.

    Where a continued run says that it starts again at a step, earlier records from that step on
    are dropped, as TensorBoard does.
    """
    files = [list(_events(path)) for path in directory.glob("*tfevents*")]
    records: list[Record] = []
    for events in sorted(filter(None, files), key=lambda events: events[0].wall_time):
        for event in events:
            if event.session_log.status == SessionLog.START:
                records = [record for record in records if record[0] < event.step]
            records += [
                (event.step, value.tag, value.simple_value, event.wall_time)
                for value in event.summary.value
            ]
    return records


def _events(path: Path) -> Iterator[Event]:
    """Events of a file up to its end or to the first damaged record, of which a warning tells."""
    complete = 0
    for data in RawEventFileLoader(str(path)).Load():
        complete += len(data) + 16  # the record's frame: length and two checksums
        yield Event.FromString(data)
    size = path.stat().st_size
    if complete < size:
        _warn(
            f"{path}: incomplete after byte {complete} of {size} (the run was stopped while "
            "writing, or is writing now); the records before were read"
        )


def _warn(message: str) -> None:
    warnings.warn(message, HistoryWarning, stacklevel=4)

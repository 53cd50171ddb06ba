"""Reading a training history into pandas."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from src.history.columns import Columns
from src.history.runs import is_run
from src.history.tags import COST_TAGS, SCALARS
from src.history.warning import HistoryWarning

if TYPE_CHECKING:
    import pandas as pd


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
        """Everything: costs, parameters, gradients, activations and metrics."""
        return self._read(SCALARS)

    def get_parameters(self, epoch: int | None = None) -> pd.DataFrame:
        """Statistics of the parameters, of one epoch or of all."""
        return _of_epoch(self._read(("parameters",)), epoch)

    def get_gradients(self, epoch: int | None = None) -> pd.DataFrame:
        """Statistics of the gradients of every recorded mini-batch, of one epoch or of all."""
        return _of_epoch(self._read(("gradients",)), epoch)

    def get_activations(self, epoch: int | None = None) -> pd.DataFrame:
        """Statistics of the layers' outputs, of one epoch or of all."""
        return _of_epoch(self._read(("activations",)), epoch)

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
        columns = Columns()
        for directory in self._directories(kinds):
            run = directory.parent if directory.name in SCALARS else directory
            columns.add_directory(directory, self._run_name(run))
        return columns.table()

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
        runs = [directory for directory in found if directory.name in SCALARS]
        if not runs and kinds == SCALARS:
            return found  # of another program
        if not runs:
            _warn(f"{self.log_directory}: no training runs below this directory")
        return [directory for directory in runs if directory.name in kinds]


def run_history(run: Path) -> pd.DataFrame:
    """Everything that one run recorded; runs in directories below it are others.

    Of a directory that another program has written, all scalars in it and in the directories in it,
    as Keras' train and validation.
    """
    columns = Columns()
    if not is_run(run):
        for directory in sorted({path.parent for path in run.rglob("*tfevents*")}):
            name = directory.relative_to(run.parent) if directory != run else run
            columns.add_directory(directory, name.as_posix() if directory != run else run.name)
        return columns.table()
    for kind in sorted(SCALARS):
        columns.add_directory(run / kind, run.resolve().name)
    return columns.table()


def _of_epoch(table: pd.DataFrame, epoch: int | None) -> pd.DataFrame:
    return table if epoch is None else table[table["step"] == epoch].reset_index(drop=True)


def _warn(message: str) -> None:
    warnings.warn(message, HistoryWarning, stacklevel=4)

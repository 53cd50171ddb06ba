"""The directories of a run, and how the run is continued."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from src.classic_train.callbacks import read_checkpoint
from src.classic_train.cli.parsers import OptionError
from src.classic_train.parallel.processes import Processes
from src.classic_train.run.backend import NUMPY, Backend

MODEL = "model.safetensors"
"""The finished model in the directory of a run."""


@dataclass
class Run:
    """Where a run writes, and how much it says.

    Attributes:
        directory: model, checkpoints, pictures and metrics go here.
        history_directory: TensorBoard event files go here.
        checkpoint: a checkpoint to continue from: arrays and metadata.
        check_gradients: prove the gradients of the network before training.
        quiet: print nothing but errors.
        complete: whether it stands for itself; False for a fold of a cross-validation.
        writes: whether this process writes the run's files: the first of several does.
        backend: what computes it.
    """

    directory: Path
    history_directory: Path
    checkpoint: tuple[dict[str, Any], dict[str, Any]] | None = None
    check_gradients: bool = False
    quiet: bool = False
    complete: bool = True
    writes: bool = True
    backend: Backend = NUMPY

    def discard_if_empty(self) -> None:
        """Remove the directories again if nothing has been written to them."""
        for directory in (self.directory, self.history_directory):
            if directory.is_dir() and not any(directory.iterdir()):
                directory.rmdir()

    def log(self, text: str = "") -> None:
        """Print unless quiet."""
        if not self.quiet:
            print(text, flush=True)


def new_run(recipe: str, output_directory: Path, log_directory: Path, **settings: Any) -> Run:
    """A run with directories of its own, named after recipe and time; they are created."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for attempt in range(1, 1000):
        name = f"{recipe}-{stamp}" + (f"-{attempt}" if attempt > 1 else "")
        directory, history_directory = output_directory / name, log_directory / name
        if directory.exists() or history_directory.exists():
            continue  # another run began in the same second
        run = Run(directory, history_directory, **settings)
        for path, name in ((directory, "--output-dir"), (history_directory, "--log-dir")):
            try:
                path.mkdir(parents=True)
            except OSError as error:
                run.discard_if_empty()
                raise OptionError(
                    f"cannot create {path} ({error.strerror}); choose another {name}"
                ) from None
        return run
    raise OptionError(f"no free name for a run in {output_directory}; choose another --output-dir")


def shared_run(processes: Processes, make: Callable[[], Run]) -> Run:
    """The run that the first process makes or reads; the others have no part in its files."""
    run = processes.from_first(make() if processes.rank == 0 else None)
    assert run is not None
    if processes.rank:
        run = replace(run, quiet=True, check_gradients=False, writes=False)
    return run


def resumed_run(path: Path, **settings: Any) -> Run:
    """The run that a checkpoint belongs to.

    Args:
        path: a run's directory or one of its checkpoints.
        settings: of ``Run``.

    Raises:
        TensorFileError: there is no readable checkpoint.
        OptionError: the checkpoint is of another program than the command line.
    """
    checkpoint = read_checkpoint(path)
    directory = path if path.is_dir() else path.parent
    if not {"recipe", "options", "history_directory", "data_digest"} <= checkpoint[1].keys():
        raise OptionError(f"--resume: {path} was not written by a recipe")
    history_directory = Path(os.path.relpath(directory / checkpoint[1]["history_directory"]))
    return Run(directory, history_directory, checkpoint, **settings)

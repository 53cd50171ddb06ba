"""Checkpoints: everything that a resumed run needs, on the disk after every epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from src.classic_nn.array_types import Array
from src.classic_nn.serialization import TensorFileError, read_tensor_file, write_tensor_file
from src.classic_train.callbacks.monitor import Monitor
from src.classic_train.mini_batch.callback import Callback, Training

LAST, BEST = "last.safetensors", "best.safetensors"


class Checkpoint(Callback):
    """Writes ``last``, ``best`` and, every so many epochs, ``epoch-0010.safetensors``.

    Each file is written whole or not at all and holds the trainer's complete state. The last one
    is written after every epoch, so whatever stops a run, an epoch is lost at most.

    Args:
        directory: where the files go.
        every: keep a numbered file of every so many epochs; 0 for none.
        monitor: name of the value in the epochs' records that decides which is best.
        mode: "min" or "max", what is better.
        metadata: anything else that belongs in the file (the settings of the run).
    """

    name = "checkpoint"
    order = 100  # after all others, whose state of this epoch it saves

    def __init__(
        self,
        directory: str | Path,
        every: int = 0,
        monitor: str = "validation_cost",
        mode: str = "min",
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self.directory = Path(directory)
        self.every = every
        self.best = Monitor(monitor, mode)
        self.metadata = dict(metadata or {})

    def on_fit_begin(self, trainer: Training) -> None:
        """Check the monitor's name."""
        self.best.check(trainer)

    def on_epoch_end(self, trainer: Training) -> None:
        """Write the files that this epoch calls for; ``last`` comes last."""
        names = [LAST]
        if self.best.see(trainer):
            names.insert(0, BEST)
        if self.every and trainer.epoch % self.every == 0:
            names.insert(0, f"epoch-{trainer.epoch:04d}.safetensors")
        arrays, metadata = trainer.state()
        for name in names:
            write_tensor_file(
                self.directory / name, arrays, {"kind": "checkpoint", **metadata, **self.metadata}
            )

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """The best epoch."""
        return {}, self.best.state()

    def load_state(self, arrays: Mapping[str, Array], metadata: Mapping[str, Any]) -> None:
        """Continue from ``state``."""
        self.best.load_state(metadata)


class EpochModels(Callback):
    """Writes ``epoch-0001.safetensors`` and so on: models to predict with, not to resume from.

    Args:
        directory: where the files go.
        every: write a file every so many epochs.
        save: writes the model, as it is at that moment, to a path.
    """

    def __init__(self, directory: Path, every: int, save: Callable[[Path], None]) -> None:
        self.directory = directory
        self.every = every
        self.save = save

    def on_epoch_end(self, trainer: Training) -> None:
        """Write the file if it is the epoch's turn."""
        if trainer.epoch % self.every == 0:
            self.save(self.directory / f"epoch-{trainer.epoch:04d}.safetensors")


def read_checkpoint(path: str | Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """Arrays and metadata of a checkpoint, for ``MiniBatchTrainer.load_state``.

    Args:
        path: a checkpoint, or the directory of a run, whose last checkpoint is taken.

    Raises:
        TensorFileError: missing, damaged, or not a checkpoint.
    """
    path = Path(path)
    path = path / LAST if path.is_dir() else path
    arrays, metadata = read_tensor_file(path)
    if metadata.get("kind") != "checkpoint":
        raise TensorFileError(
            f"{path}: holds a {metadata.get('kind')}, which cannot be resumed; "
            f"expected a checkpoint such as {LAST}"
        )
    return arrays, metadata

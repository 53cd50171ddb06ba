"""What computes the steps of a run: this program's own passes, or another library's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from src.classic_train.mini_batch import MiniBatchTrainer
from src.classic_train.mini_batch.callback import Callback


def nothing_more(trainer: MiniBatchTrainer, directory: Path) -> Sequence[Path]:
    """No file of its own. (A function with a name, as processes send each other the run.)"""
    return ()


@dataclass(frozen=True)
class Backend:
    """What a run is computed with.

    Attributes:
        name: as ``config.json`` and the report have it.
        create: makes the trainer, from what ``MiniBatchTrainer`` takes.
        own_workers: whether it shares mini-batches among workers of ours.
        module: that is run as a program, for commands ready to be pasted.
        progress: makes the callback that shows progress; ours if None.
        save: writes what is left of a finished run beside our own files, of a trainer, into the
            run's directory; returns the paths.
    """

    name: str
    create: Callable[..., MiniBatchTrainer]
    own_workers: bool = True
    module: str = "src.classic_train"
    progress: Callable[[], Callback] | None = None
    save: Callable[[MiniBatchTrainer, Path], Sequence[Path]] = nothing_more


NUMPY = Backend("NumPy", MiniBatchTrainer)

"""What computes the steps of a run: this program's own passes, or another library's."""

from collections.abc import Callable
from dataclasses import dataclass

from src.classic_train.mini_batch import MiniBatchTrainer


@dataclass(frozen=True)
class Backend:
    """What a run is computed with.

    Attributes:
        name: as ``config.json`` and the report have it.
        create: makes the trainer, from what ``MiniBatchTrainer`` takes.
        own_workers: whether it shares mini-batches among workers of ours.
        module: that is run as a program, for commands ready to be pasted.
    """

    name: str
    create: Callable[..., MiniBatchTrainer]
    own_workers: bool = True
    module: str = "src.classic_train"


NUMPY = Backend("NumPy", MiniBatchTrainer)

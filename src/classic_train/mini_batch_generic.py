"""The old name of ``src.classic_train.mini_batch``: import from there."""

import warnings

from src.classic_train.mini_batch import MiniBatchTrainer, TrainerWithAdam

warnings.warn(
    "src.classic_train.mini_batch_generic is now src.classic_train.mini_batch",
    DeprecationWarning,
    stacklevel=2,
)

__all__ = ["MiniBatchTrainer", "TrainerWithAdam"]

"""What can be attached to training: history, checkpoints, early stopping, schedules, progress."""

from src.classic_train.callbacks.base import Callback
from src.classic_train.callbacks.best_epoch import BestEpoch
from src.classic_train.callbacks.checkpoint import Checkpoint, read_checkpoint
from src.classic_train.callbacks.early_stopping import EarlyStopping
from src.classic_train.callbacks.epoch_models import EpochModels
from src.classic_train.callbacks.history import History
from src.classic_train.callbacks.learning_rate import LearningRate
from src.classic_train.callbacks.progress import Progress
from src.classic_train.callbacks.stopwatch import Stopwatch

__all__ = [
    "BestEpoch",
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "EpochModels",
    "History",
    "LearningRate",
    "Progress",
    "Stopwatch",
    "read_checkpoint",
]

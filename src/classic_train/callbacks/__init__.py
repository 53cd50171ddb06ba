"""What can be attached to training: history, checkpoints, early stopping, schedules, progress."""

from src.classic_train.callbacks.base import Callback
from src.classic_train.callbacks.best_epoch import BestEpoch
from src.classic_train.callbacks.checkpoint import Checkpoint, read_checkpoint
from src.classic_train.callbacks.diagnosis import Diagnosis
from src.classic_train.callbacks.early_stopping import EarlyStopping
from src.classic_train.callbacks.epoch_models import EpochModels
from src.classic_train.callbacks.history import History
from src.classic_train.callbacks.learning_rate import LearningRate
from src.classic_train.callbacks.pictures import Pictures
from src.classic_train.callbacks.probe import Probe
from src.classic_train.callbacks.progress import Progress
from src.classic_train.callbacks.stopwatch import Stopwatch

__all__ = [
    "BestEpoch",
    "Callback",
    "Checkpoint",
    "Diagnosis",
    "EarlyStopping",
    "EpochModels",
    "History",
    "LearningRate",
    "Pictures",
    "Probe",
    "Progress",
    "Stopwatch",
    "read_checkpoint",
]

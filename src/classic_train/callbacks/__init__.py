"""What can be attached to training: history, checkpoints, early stopping, schedules, progress."""

from src.classic_train.callbacks.checkpoint import Checkpoint, EpochModels, read_checkpoint
from src.classic_train.callbacks.diagnosis.callback import Diagnosis
from src.classic_train.callbacks.early_stopping import EarlyStopping
from src.classic_train.callbacks.history import History
from src.classic_train.callbacks.images import Pictures
from src.classic_train.callbacks.probe import Probe
from src.classic_train.callbacks.progress import Progress
from src.classic_train.callbacks.stopwatch import Stopwatch
from src.classic_train.callbacks.unfreezing import Unfreezing
from src.classic_train.mini_batch.callback import Callback
from src.classic_train.mini_batch.learning_rate import LearningRate

__all__ = [
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
    "Unfreezing",
    "read_checkpoint",
]

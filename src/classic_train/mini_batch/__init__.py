"""Training by mini-batches."""

from src.classic_train.mini_batch.augmentation import Augmentation
from src.classic_train.mini_batch.dataset import ArrayDataset, DataError
from src.classic_train.mini_batch.diagnosis import TrainingDivergedError
from src.classic_train.mini_batch.trainer import MiniBatchTrainer
from src.classic_train.mini_batch.trainer_with_adam import TrainerWithAdam

__all__ = [
    "ArrayDataset",
    "Augmentation",
    "DataError",
    "MiniBatchTrainer",
    "TrainerWithAdam",
    "TrainingDivergedError",
]

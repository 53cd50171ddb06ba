"""Training by mini-batches."""

from src.classic_train.mini_batch.augmentation import Augmentation
from src.classic_train.mini_batch.batches import Batches
from src.classic_train.mini_batch.dataset import ArrayDataset, DataError
from src.classic_train.mini_batch.diagnosis import TrainingDivergedError
from src.classic_train.mini_batch.trainer import MiniBatchTrainer
from src.classic_train.mini_batch.trainer_with_adam import TrainerWithAdam

__all__ = [
    "ArrayDataset",
    "Augmentation",
    "Batches",
    "DataError",
    "MiniBatchTrainer",
    "TrainerWithAdam",
    "TrainingDivergedError",
]

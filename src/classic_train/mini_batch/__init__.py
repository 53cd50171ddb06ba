"""Training by mini-batches."""

from src.classic_train.mini_batch.batches import Augmentation, Batches
from src.classic_train.mini_batch.dataset import ArrayDataset, DataError
from src.classic_train.mini_batch.divergence import TrainingDivergedError
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

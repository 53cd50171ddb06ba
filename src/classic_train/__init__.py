"""Training: trainer, callbacks, metrics, recipes and the command line."""

from src.classic_train.mini_batch import MiniBatchTrainer, TrainerWithAdam, TrainingDivergedError

__all__ = ["MiniBatchTrainer", "TrainerWithAdam", "TrainingDivergedError"]

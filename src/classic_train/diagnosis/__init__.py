"""What goes wrong inside training, found and named."""

from src.classic_train.diagnosis.figures import EpochFigures
from src.classic_train.diagnosis.finding import Finding
from src.classic_train.diagnosis.rules import judge, label_imbalance

__all__ = ["EpochFigures", "Finding", "judge", "label_imbalance"]

"""What goes wrong inside training, found and named."""

from src.classic_train.diagnosis.figures import EpochFigures
from src.classic_train.diagnosis.finding import Finding
from src.classic_train.diagnosis.rules import divergence, judge, label_imbalance, one_of_each

__all__ = [
    "EpochFigures",
    "Finding",
    "divergence",
    "judge",
    "label_imbalance",
    "one_of_each",
]

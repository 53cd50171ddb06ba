"""Training history: written as TensorBoard event files, read as pandas tables."""

from src.history.reader import HistoryWarning, TrainingHistoryReader
from src.history.writer import TrainingHistoryWriter

__all__ = ["HistoryWarning", "TrainingHistoryReader", "TrainingHistoryWriter"]

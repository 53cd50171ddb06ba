"""Training history: written as TensorBoard event files, read as pandas tables."""

from src.history.graph import GraphNode
from src.history.reader import TrainingHistoryReader
from src.history.warning import HistoryWarning
from src.history.writer import TrainingHistoryWriter

__all__ = ["GraphNode", "HistoryWarning", "TrainingHistoryReader", "TrainingHistoryWriter"]

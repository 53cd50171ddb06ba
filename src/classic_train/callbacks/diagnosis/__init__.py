"""What goes wrong inside training, found and named."""

from src.classic_train.callbacks.diagnosis.callback import Diagnosis
from src.classic_train.callbacks.diagnosis.finding import Finding
from src.classic_train.callbacks.diagnosis.measurements import EpochMeasurements

__all__ = ["Diagnosis", "EpochMeasurements", "Finding"]

"""Data sets that need no download: generated points and scenes of real handwritten digits."""

from src.classic_nn.data_utils.digit_scenes import generate_digit_scenes, handwritten_digits
from src.classic_nn.data_utils.generated import (
    generate_binary_classification_data,
    generate_multilabel_dataset,
)

__all__ = [
    "generate_binary_classification_data",
    "generate_digit_scenes",
    "generate_multilabel_dataset",
    "handwritten_digits",
]

"""Weights of other programs, as arrays by our names: read, fetched, checked. Knows no networks."""

from src.load.weights.assign import Assigned, assign, find_layout
from src.load.weights.fetching import (
    MissingWeightsError,
    fetch_weights,
    fetched_path,
    local_weights,
)
from src.load.weights.formats import WeightFile, read_weight_file
from src.load.weights.layout import Layout
from src.load.weights.layouts import LAYOUTS
from src.load.weights.preprocessing import PREPROCESSING, preprocessing
from src.load.weights.published import PUBLISHED, PublishedWeights, imagenet_classes

__all__ = [
    "LAYOUTS",
    "PREPROCESSING",
    "PUBLISHED",
    "Assigned",
    "Layout",
    "MissingWeightsError",
    "PublishedWeights",
    "WeightFile",
    "assign",
    "fetch_weights",
    "fetched_path",
    "find_layout",
    "imagenet_classes",
    "local_weights",
    "preprocessing",
    "read_weight_file",
]

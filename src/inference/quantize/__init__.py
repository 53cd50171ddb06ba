"""Trained models with numbers of a few bits."""

from src.inference.quantize.aware import (
    find_ranges,
    integers_of_aware,
    is_aware,
    quantization_aware,
)
from src.inference.quantize.calibrate import calibrate
from src.inference.quantize.quantize import is_quantized, quantize_model, quantize_network
from src.inference.quantize_scheme import SCHEMES, Scheme

__all__ = [
    "SCHEMES",
    "Scheme",
    "calibrate",
    "find_ranges",
    "integers_of_aware",
    "is_aware",
    "is_quantized",
    "quantization_aware",
    "quantize_model",
    "quantize_network",
]

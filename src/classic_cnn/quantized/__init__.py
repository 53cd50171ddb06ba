"""Layers and networks whose weights, or all of whose numbers, have a few bits."""

from src.classic_cnn.quantized.aware import AwareConv2D, AwareDense, FakeQuantization
from src.classic_cnn.quantized.convolution import integer_convolution
from src.classic_cnn.quantized.integer_layers import (
    IntegerAdd,
    IntegerConcatenate,
    IntegerConv2D,
    IntegerDense,
    IntegerLayer,
    IntegerMean,
    IntegerMultiply,
    ToIntegers,
    ToNumbers,
)
from src.classic_cnn.quantized.integer_network import IntegerNetwork
from src.classic_cnn.quantized.layers import QuantizedConv2D, QuantizedDense
from src.classic_cnn.quantized.wrapped_layers import InNumbers, IntegerTable, OfIntegers
from src.classic_nn.layers import LAYERS

LAYERS.update(
    {
        layer.__name__: layer
        for layer in (
            *(InNumbers, IntegerAdd, IntegerConcatenate, IntegerConv2D, IntegerDense, IntegerMean),
            *(IntegerMultiply, IntegerTable, OfIntegers, ToIntegers, ToNumbers, IntegerNetwork),
            *(QuantizedConv2D, QuantizedDense, AwareConv2D, AwareDense, FakeQuantization),
        )
    }
)

__all__ = [
    "AwareConv2D",
    "AwareDense",
    "FakeQuantization",
    "InNumbers",
    "IntegerAdd",
    "IntegerConcatenate",
    "IntegerConv2D",
    "IntegerDense",
    "IntegerLayer",
    "IntegerMean",
    "IntegerMultiply",
    "IntegerNetwork",
    "IntegerTable",
    "OfIntegers",
    "QuantizedConv2D",
    "QuantizedDense",
    "ToIntegers",
    "ToNumbers",
    "integer_convolution",
]

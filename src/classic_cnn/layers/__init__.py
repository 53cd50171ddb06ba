"""Layers on images. Importing them makes them known to ``layer_from_config`` and model files."""

from src.classic_cnn.layers.convolution import Conv2D
from src.classic_cnn.layers.pooling import AveragePool2D, GlobalAveragePool, MaxPool2D
from src.classic_cnn.layers.resizing import Resize2D
from src.classic_cnn.layers.zero_padding import ZeroPad2D
from src.classic_nn.layers import LAYERS
from src.classic_nn.layers.registry import LATE

LAYERS.update(
    {
        layer.__name__: layer
        for layer in (AveragePool2D, Conv2D, GlobalAveragePool, MaxPool2D, Resize2D, ZeroPad2D)
    }
)

QUANTIZED = (
    *("InNumbers", "IntegerAdd", "IntegerConcatenate", "IntegerConv2D", "IntegerDense"),
    *("IntegerMean", "IntegerMultiply", "IntegerNetwork", "IntegerTable", "OfIntegers"),
    *("AwareConv2D", "AwareDense", "FakeQuantization"),
    *("QuantizedConv2D", "QuantizedDense", "ToIntegers", "ToNumbers"),
)
"""Layers with numbers of a few bits: few models have them."""

LATE.update(dict.fromkeys(QUANTIZED, "src.classic_cnn.quantized"))

__all__ = ["AveragePool2D", "Conv2D", "GlobalAveragePool", "MaxPool2D", "Resize2D", "ZeroPad2D"]

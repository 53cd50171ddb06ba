"""Layers on images. Importing them makes them known to ``layer_from_config`` and model files."""

from src.classic_cnn.layers.convolution import Conv2D
from src.classic_cnn.layers.pooling import AveragePool2D, GlobalAveragePool, MaxPool2D
from src.classic_cnn.layers.resizing import Resize2D
from src.classic_cnn.layers.zero_padding import ZeroPad2D
from src.classic_nn.layers import LAYERS

LAYERS.update(
    {
        layer.__name__: layer
        for layer in (AveragePool2D, Conv2D, GlobalAveragePool, MaxPool2D, Resize2D, ZeroPad2D)
    }
)

__all__ = ["AveragePool2D", "Conv2D", "GlobalAveragePool", "MaxPool2D", "Resize2D", "ZeroPad2D"]

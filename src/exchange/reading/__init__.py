"""An ONNX file as a model."""

from src.exchange.reading.file import OnnxFile, read_file
from src.exchange.reading.model import import_model
from src.exchange.reading.network import Read, read_network

__all__ = ["OnnxFile", "Read", "import_model", "read_file", "read_network"]

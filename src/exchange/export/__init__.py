"""A model as an ONNX file."""

from src.exchange.export.model import export_model
from src.exchange.export.network import FORMS, LAYOUTS, network_graph

__all__ = ["FORMS", "LAYOUTS", "export_model", "network_graph"]

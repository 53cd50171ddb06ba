"""A trained model at work: predict and evaluate; and pretrained networks to begin with."""

from typing import TYPE_CHECKING, Any

from src.inference.classifier import Classifier, Prediction, load_model

if TYPE_CHECKING:
    from src.inference.pretrained import pretrained_network

__all__ = ["Classifier", "Prediction", "load_model", "pretrained_network"]


def __getattr__(name: str) -> Any:
    """Architectures and layouts of weights are imported by those who ask for them."""
    if name == "pretrained_network":
        from src.inference.pretrained import pretrained_network

        return pretrained_network
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""A trained model at work: predict and evaluate."""

from src.inference.classifier import Classifier, Prediction, load_model

__all__ = ["Classifier", "Prediction", "load_model"]

"""Helpers around networks: prediction and evaluation, pictures."""

from src.classic_nn.utils.eval import (
    Metric,
    evaluate,
    evaluate_batches,
    predict_classes,
    predict_labels,
    predict_logits,
    predict_probabilities,
)
from src.classic_nn.utils.plots import (
    plot_confusion_matrix,
    plot_curves,
    plot_decision_boundary,
    plot_pca,
    save_figure,
    show_pictures,
)

__all__ = [
    "Metric",
    "evaluate",
    "evaluate_batches",
    "plot_confusion_matrix",
    "plot_curves",
    "plot_decision_boundary",
    "plot_pca",
    "predict_classes",
    "predict_labels",
    "predict_logits",
    "predict_probabilities",
    "save_figure",
    "show_pictures",
]

"""The pictures that a run leaves: curves, and what the trained model does on test data."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.layers import Sequential
from src.classic_nn.loss import Loss
from src.classic_nn.utils import (
    plot_confusion_matrix,
    plot_curves,
    plot_decision_boundary,
    plot_pca,
    plot_predictions,
    predict_classes,
    predict_labels,
    predict_probabilities,
    save_figure,
)
from src.classic_train.data import RecipeData
from src.classic_train.mini_batch.metrics import confusion_matrix

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 30
"""Test images in the grid of predictions."""


def save_pictures(
    directory: Path,
    network: Sequential,
    loss: Loss,
    data: RecipeData,
    history: list[dict[str, float]],
) -> list[Path]:
    """Write the PNGs that suit the data; return their paths."""
    epochs = [int(record["epoch"]) for record in history]
    costs = {
        "training": [record["cost"] for record in history],
        "validation": [record["validation_cost"] for record in history],
    }
    score = "exact_match" if data.task == "multi_label" else "accuracy"
    figures = {
        "cost.png": plot_curves(costs, epochs, "cost (mean cross-entropy)", "Cost"),
        f"{score}.png": plot_curves(
            {f"validation {score}": [record[score] for record in history]},
            epochs,
            f"{score} (share of samples)",
            f"{score.replace('_', ' ').capitalize()} on validation data",
        ),
    }
    probabilities = predict_probabilities(network, loss, data.test.x)
    if data.images:
        figures["predictions.png"] = _predictions(data, probabilities)
    elif data.binary and data.test.x.shape[1:] == (2,):
        figures["decision_boundary.png"] = plot_decision_boundary(
            lambda points: predict_probabilities(network, loss, points)[:, 0],
            data.test.x,
            data.test.y[:, 0],
            f"Test data ({data.description}) and the learned boundary",
        )
    else:
        figures["pca.png"] = plot_pca(
            data.test.x, data.test.y.sum(axis=1), "Test data by number of labels"
        )
    if data.task == "multi_class":
        counts = confusion_matrix(data.test.y, probabilities)
        figures["confusion_matrix.png"] = plot_confusion_matrix(
            counts, data.class_names, "Test data: true classes and what was predicted"
        )
    for name, figure in figures.items():
        save_figure(figure, directory / name)
    return [directory / name for name in figures]


def _predictions(data: RecipeData, probabilities: Array) -> "Figure":
    """The first test images, each with its predicted and its true labels."""
    predicted, true = _as_labels(data.test.y, probabilities)
    share = (predicted == true).all(axis=1).mean()
    predicted, true = predicted[:SHOWN], true[:SHOWN]
    correct = (predicted == true).all(axis=1)
    titles = [
        _names(row, data) if right else f"{_names(row, data)} (true: {_names(truth, data)})"
        for row, truth, right in zip(predicted, true, correct, strict=True)
    ]
    return plot_predictions(
        data.test.x[:SHOWN],
        titles,
        list(map(bool, correct)),
        title=f"Predicted labels of test images; all labels right in {share:.1%} of all "
        f"{len(data.test):,}",
    )


def _as_labels(
    y: NDArray[Any], probabilities: Array
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Predicted and true labels, (samples, labels) each; one label a sample for class numbers."""
    if y.ndim == 2:
        return predict_labels(probabilities) > 0, y >= 0.5
    classes = np.arange(probabilities.shape[1])
    return predict_classes(probabilities)[:, np.newaxis] == classes, y[:, np.newaxis] == classes


def _names(row: NDArray[np.integer], data: RecipeData) -> str:
    return " ".join(data.class_names[int(k)] for k in np.flatnonzero(row)) or "none"

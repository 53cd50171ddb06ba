"""The pictures that a run leaves: curves, and what the trained model does on test data."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.utils import (
    plot_curves,
    plot_decision_boundary,
    plot_pca,
    plot_predictions,
    save_figure,
)
from src.classic_train.data.splits import RecipeData
from src.inference.classifier import Classifier
from src.inference.evaluation import Evaluation
from src.inference.figures import sample_picture, short_text
from src.load import ImageArrays
from src.load.sheets import thumbnail

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 30
"""Test images in the grid of predictions."""


def save_pictures(
    directory: Path,
    classifier: Classifier,
    data: RecipeData,
    test: Evaluation,
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
    images = _first_images(test)
    if images is not None:
        figures["predictions.png"] = _predictions(test, images)
    elif data.task == "binary" and data.input_shape == (2,):
        points = _samples(test)
        figures["decision_boundary.png"] = plot_decision_boundary(
            lambda x: classifier.probabilities(ImageArrays(x), np.arange(len(x)))[:, 0],
            points,
            test.targets,
            f"Test data ({data.description}) and the learned boundary",
        )
    else:
        figures["pca.png"] = plot_pca(
            _samples(test), test.indicators.sum(axis=1), "Test data by number of labels"
        )
    for name, figure in figures.items():
        save_figure(figure, directory / name)
    return [directory / name for name in figures]


def _samples(test: Evaluation) -> NDArray[Any]:
    """(samples, ...): the inputs of samples that are arrays."""
    return np.stack([np.asarray(test.images[int(row)]) for row in test.rows])


def _first_images(test: Evaluation) -> NDArray[Any] | None:
    """(images, height, width, channels) of the first samples; None if they are no images.

    Grey arrays stay what they are, and are drawn like ink on paper.
    """
    count = min(SHOWN, len(test))
    first = np.asarray(test.images[int(test.rows[0])])
    if isinstance(test.images, ImageArrays) and first.shape[2:] == (1,):
        return np.stack([np.asarray(test.images[int(row)]) for row in test.rows[:count]])
    pictures = [sample_picture(test, k) for k in range(count)]
    shown = [np.asarray(thumbnail(picture, 128)) for picture in pictures if picture is not None]
    return np.stack(shown) / 255 if len(shown) == count else None


def _predictions(test: Evaluation, images: NDArray[Any]) -> "Figure":
    """The first test images, each with its predicted and its true labels."""
    correct = [bool(right) for right in test.correct[: len(images)]]
    titles = [
        short_text(test.predicted_text(k))
        if right
        else f"{short_text(test.predicted_text(k))}\n(true: {short_text(test.true_text(k))})"
        for k, right in enumerate(correct)
    ]
    return plot_predictions(
        images,
        titles,
        correct,
        title=f"Predicted labels of test images; all labels right in {test.correct.mean():.1%} of "
        f"all {len(test):,}",
    )

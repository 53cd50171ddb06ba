"""The pictures that a run leaves: curves, and what the trained model does on test data."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from src.classic_nn.utils import (
    plot_curves,
    plot_decision_boundary,
    plot_pca,
    save_figure,
)
from src.classic_train.data.splits import RecipeData
from src.inference.classifier import Classifier
from src.inference.evaluation import Evaluation
from src.inference.figures import GRID_SIDE, sample_picture, short_text
from src.load import ImageArrays
from src.load.image_grid import RIGHT, WRONG, image_grid, save_image

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
            f"{score} (fraction of samples)",
            f"{score.replace('_', ' ').capitalize()} on validation data",
        ),
    }
    predictions = _predictions(test)
    if predictions is None and data.task == "binary" and data.input_shape == (2,):
        points = _samples(test)
        figures["decision_boundary.png"] = plot_decision_boundary(
            lambda x: classifier.probabilities(ImageArrays(x), np.arange(len(x)))[:, 0],
            points,
            test.targets,
            f"Test data ({data.description}) and the learned boundary",
        )
    elif predictions is None:
        figures["pca.png"] = plot_pca(
            _samples(test), test.indicators.sum(axis=1), "Test data by number of labels"
        )
    for name, figure in figures.items():
        save_figure(figure, directory / name)
    paths = [directory / name for name in figures]
    if predictions is not None:
        paths.append(directory / "predictions.png")
        save_image(predictions, paths[-1])
    return paths


def _samples(test: Evaluation) -> NDArray[Any]:
    """(samples, ...): the inputs of samples that are arrays."""
    return np.stack([np.asarray(test.images[int(row)]) for row in test.rows])


def _predictions(test: Evaluation) -> Image.Image | None:
    """The first test images, each with its predicted and its true labels; None if they are none.

    Grey arrays are drawn like ink on paper.
    """
    count = min(SHOWN, len(test))
    pictures = [sample_picture(test, k) for k in range(count)]
    images = [picture for picture in pictures if picture is not None]
    if len(images) < count:
        return None
    if isinstance(test.images, ImageArrays):
        images = [ImageOps.invert(image) if image.mode == "L" else image for image in images]
    captions = []
    for k, right in enumerate(test.correct[:count]):
        predicted = short_text(test.predicted_text(k))
        captions.append(predicted if right else f"{predicted}\n(true: {test.true_text(k)})")
    right_means = "all labels right" if test.task == "multi_label" else "right"
    return image_grid(
        images,
        captions,
        [RIGHT if right else WRONG for right in test.correct[:count]],
        columns=6,
        side=GRID_SIDE,
        title=f"Predicted labels of test images; {right_means} in {test.correct.mean():.1%} of "
        f"all {len(test):,}",
    )

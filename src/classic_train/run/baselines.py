"""What is reached without a network: metrics to compare those of a trained one with."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_train.data.photos import MEAN_COLOUR
from src.classic_train.data.splits import RecipeData
from src.classic_train.mini_batch.metrics import baseline_probabilities
from src.inference.evaluation import Evaluation
from src.load import PreparedImages


def baselines(data: RecipeData, test: Evaluation) -> dict[str, dict[str, float]]:
    """Metrics of models that need no network, on the same test samples, by name.

    - One that looks at nothing: it always gives the most frequent class of the training data, or,
      where there are several labels, none.
    - For photos of one class each: logistic regression on the mean red, green and blue.
    """
    guess = baseline_probabilities(data.targets("test"), data.targets("train"))
    if data.task == "multi_label":
        guess = np.zeros_like(guess)
    if data.task == "binary":
        guess = np.concatenate([1 - guess, guess], axis=1)
    name = "answers nothing" if data.task == "multi_label" else "most frequent"
    found = {name: _metrics_of(test, guess)}
    if data.task != "multi_label" and isinstance(test.images, PreparedImages):
        found["mean colour"] = _metrics_of(test, mean_colour_probabilities(data, test))
    return found


def _metrics_of(test: Evaluation, probabilities: Array) -> dict[str, float]:
    return replace(test, probabilities=probabilities, threshold=0.5).summary()


def mean_colour_probabilities(data: RecipeData, test: Evaluation) -> Array:
    """(samples, classes): logistic regression on each photo's mean red, green and blue."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    dataset = data.dataset()
    assert isinstance(dataset.images, PreparedImages)
    assert isinstance(test.images, PreparedImages)
    rows = dataset.splits["train"]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(_mean_colours(dataset.images, rows), dataset.targets[rows].ravel())
    probabilities = np.zeros((len(test), len(test.classes)))
    probabilities[:, model.classes_] = model.predict_proba(_mean_colours(test.images, test.rows))
    return probabilities


def _mean_colours(images: PreparedImages, rows: NDArray[np.intp]) -> Array:
    """(samples, 3), from 0 to 1."""
    pixels = [np.asarray(images.prepared(MEAN_COLOUR, int(row))).reshape(3) for row in rows]
    return np.array(pixels) / 255

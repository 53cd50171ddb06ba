"""What is reached without a network: figures that stand beside those of a trained one."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from src.classic_nn.array_types import Array
from src.classic_train.mini_batch.metrics import baseline_probabilities
from src.classic_train.recipe_data import RecipeData
from src.inference.evaluation import Evaluation
from src.load import ImageFiles


def baselines(data: RecipeData, test: Evaluation) -> dict[str, dict[str, float]]:
    """Figures of models that need no network, on the same test samples, by name.

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
    found = {name: _judged(test, guess)}
    if data.task != "multi_label" and isinstance(test.images, ImageFiles):
        found["mean colour"] = _judged(test, mean_colour_probabilities(data, test))
    return found


def _judged(test: Evaluation, probabilities: Array) -> dict[str, float]:
    return replace(test, probabilities=probabilities, threshold=0.5).summary()


def mean_colour_probabilities(data: RecipeData, test: Evaluation) -> Array:
    """(samples, classes): logistic regression on each photo's mean red, green and blue."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    dataset = data.dataset()
    rows = dataset.splits["train"]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(_mean_colours(dataset.images, rows), dataset.targets[rows].ravel())
    probabilities = np.zeros((len(test), len(test.classes)))
    probabilities[:, model.classes_] = model.predict_proba(_mean_colours(test.images, test.rows))
    return probabilities


def _mean_colours(images: object, rows: NDArray[np.intp]) -> Array:
    """(samples, 3), from 0 to 1."""
    assert isinstance(images, ImageFiles)
    means = [
        np.asarray(images[int(row)].resize((1, 1), Image.Resampling.BOX)).reshape(3) for row in rows
    ]
    return np.array(means) / 255

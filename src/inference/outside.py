"""How well photos of a kind that the model does not know are told from those that it knows."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.common.tables import format_table
from src.inference.classifier import Classifier
from src.inference.inputs import folder_images
from src.inference.labelled_data import LabelledData
from src.inference.out_of_distribution import distance_to_means, energy, features_and_logits
from src.load.errors import UnreadableDataError
from src.load.sources import ImageFiles, Source


def tell_apart(classifier: Classifier, known: LabelledData, outside: Path) -> list[str]:
    """Lines of a table: the area under the ROC curve of each score.

    Args:
        classifier: the model.
        known: samples of its kind.
        outside: a folder of other photos.

    Raises UnreadableDataError: no photos there, or one that cannot be read.
    """
    others = ImageFiles(folder_images(outside), white=classifier.white)
    inside = strangeness(classifier, known.dataset.images, known.rows)
    strange = strangeness(classifier, others, np.arange(len(others)))
    rows = [("score, higher is stranger", "area under the ROC curve")]
    rows += [(name, f"{area_under_roc(inside[name], strange[name]):.4f}") for name in inside]
    counts = f"{len(known.rows):,} samples of the data against {len(others):,} other photos"
    return [counts, *format_table(rows).splitlines()]


def strangeness(classifier: Classifier, images: Source, rows: NDArray[np.intp]) -> dict[str, Array]:
    """(samples,) of each score by its name; see ``out_of_distribution``."""
    model = classifier.model

    def compute(x: Array) -> Array:
        return np.concatenate(features_and_logits(model.network, x), axis=1)

    outputs = model.network.output_shape(model.network.built_shape())[-1]
    try:
        both = classifier.computed(images, rows, compute)
    except ValueError as error:
        if isinstance(error, UnreadableDataError):
            raise
        raise UnreadableDataError(f"--outside: this model has no features: {error}") from None
    features, logits = both[:, :-outputs], both[:, -outputs:]
    probabilities = classifier.class_probabilities(classifier.from_logits(logits))
    scores = {"uncertainty": 1 - probabilities.max(axis=1)}
    if model.task == "binary":
        scores[f"1 - p({classifier.classes[1]})"] = 1 - probabilities[:, 1]
    scores["energy"] = energy(logits / model.temperature, model.task)
    if model.class_means is not None:
        scores["distance to the nearest class"] = distance_to_means(features, model.class_means)
    return scores


def area_under_roc(inside: Array, strange: Array) -> float:
    """Probability that a strange photo has the higher score; half of the ties count."""
    from sklearn.metrics import roc_auc_score

    truth = np.r_[np.zeros(len(inside)), np.ones(len(strange))]
    return float(roc_auc_score(truth, np.r_[inside, strange]))

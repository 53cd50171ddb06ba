"""How good predictions are.

Each metric takes the targets and the predicted probabilities and returns one number. Labels are
predicted where the probability is at least one half. scikit-learn does the counting.

In multi-label data most labels of a sample are absent, so elementwise accuracy flatters: with two
labels of ten, a model that never answers anything reaches 0.8. ``baseline_probabilities`` is that
model; its figures belong beside those of the trained one.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as sk

from src.classic_nn.array_types import Array
from src.classic_nn.utils.eval import Metric, predict_classes, predict_labels


def exact_match(y: NDArray[Any], probabilities: Array) -> float:
    """Share of samples of which every label is right; (samples, labels) each."""
    return float(sk.accuracy_score(_labels(y), predict_labels(probabilities)))


def hamming_loss(y: NDArray[Any], probabilities: Array) -> float:
    """Share of labels that are wrong; (samples, labels) each."""
    return float(sk.hamming_loss(_labels(y), predict_labels(probabilities)))


def elementwise_accuracy(y: NDArray[Any], probabilities: Array) -> float:
    """Share of labels that are right: 1 - hamming_loss; compare it with the baseline."""
    return 1 - hamming_loss(y, probabilities)


def micro_f1(y: NDArray[Any], probabilities: Array) -> float:
    """F1 of all labels of all samples counted together; 0 where nothing is predicted."""
    return _f1(y, probabilities, "micro")


def macro_f1(y: NDArray[Any], probabilities: Array) -> float:
    """Mean of the F1 of each label; 0 for a label that is never predicted."""
    return _f1(y, probabilities, "macro")


def mean_average_precision(y: NDArray[Any], probabilities: Array) -> float:
    """Mean over labels of the area under the precision-recall curve.

    Labels that no sample has are left out; NaN where there is none else.
    """
    occurring = np.flatnonzero(_labels(y).any(axis=0))
    scores = [sk.average_precision_score(_labels(y)[:, k], probabilities[:, k]) for k in occurring]
    return float(np.mean(scores)) if scores else float("nan")


def accuracy(y: NDArray[Any], probabilities: Array) -> float:
    """Share of samples whose class is right; see ``classes_of`` for the shapes."""
    return float(sk.accuracy_score(*classes_of(y, probabilities)))


def precision(y: NDArray[Any], probabilities: Array) -> float:
    """Of what was predicted, the share that is right (mean over classes if more than two)."""
    true, predicted = classes_of(y, probabilities)
    average = _average(probabilities)
    return float(sk.precision_score(true, predicted, average=average, zero_division=0))


def recall(y: NDArray[Any], probabilities: Array) -> float:
    """Of what is there, the share that was found (mean over classes if more than two)."""
    true, predicted = classes_of(y, probabilities)
    average = _average(probabilities)
    return float(sk.recall_score(true, predicted, average=average, zero_division=0))


def f1(y: NDArray[Any], probabilities: Array) -> float:
    """Harmonic mean of precision and recall (mean over classes if more than two)."""
    true, predicted = classes_of(y, probabilities)
    average = _average(probabilities)
    return float(sk.f1_score(true, predicted, average=average, zero_division=0))


def confusion_matrix(y: NDArray[Any], probabilities: Array) -> NDArray[np.int64]:
    """(classes, classes): samples by true class (rows) and predicted class (columns)."""
    classes = max(probabilities.shape[1], 2)
    true, predicted = classes_of(y, probabilities)
    return sk.confusion_matrix(true, predicted, labels=np.arange(classes)).astype(np.int64)


def classes_of(
    y: NDArray[Any], probabilities: Array
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """True and predicted class of each sample, (samples,) each.

    Probabilities are (samples, 1) for two classes (of class 1) or (samples, classes); y is
    (samples,) class numbers, or has the shape of the probabilities.
    """
    if probabilities.shape[1] == 1:
        return _labels(y).reshape(-1), predict_labels(probabilities).reshape(-1)
    true = y.argmax(axis=1) if y.ndim == 2 else y
    return true.astype(np.int64), predict_classes(probabilities)


def baseline_probabilities(y: NDArray[Any], train_y: NDArray[Any]) -> Array:
    """What a model answers that looks at no input; the shape of y.

    Several labels: none of them. One label (samples, 1), or class numbers (samples,): the most
    frequent class in training; for class numbers the shape is (samples, classes).
    """
    if y.ndim == 1:
        counts = np.bincount(train_y)
        return np.tile(np.eye(len(counts))[counts.argmax()], (len(y), 1))
    if y.shape[1] > 1:
        return np.zeros(y.shape, np.float64)
    return np.full(y.shape, float(train_y.mean() >= 0.5))


MULTI_LABEL: dict[str, Metric] = {
    "exact_match": exact_match,
    "micro_f1": micro_f1,
    "macro_f1": macro_f1,
    "mean_average_precision": mean_average_precision,
    "hamming_loss": hamming_loss,
    "elementwise_accuracy": elementwise_accuracy,
}
"""Metrics of multi-label recipes, by name."""

BINARY: dict[str, Metric] = {
    "accuracy": accuracy,
    "precision": precision,
    "recall": recall,
    "f1": f1,
}
"""Metrics of recipes with classes that exclude each other, by name."""


METRICS = {"binary": BINARY, "multi_class": BINARY, "multi_label": MULTI_LABEL}
"""Metrics by task; several classes have those of two, averaged over classes."""


def _labels(y: NDArray[Any]) -> NDArray[np.int64]:
    return (y >= 0.5).astype(np.int64)


def _f1(y: NDArray[Any], probabilities: Array, average: str) -> float:
    predicted = predict_labels(probabilities)
    return float(sk.f1_score(_labels(y), predicted, average=average, zero_division=0))


def _average(probabilities: Array) -> str:
    return "binary" if probabilities.shape[1] == 1 else "macro"

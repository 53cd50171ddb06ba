"""How good predictions are: the one definition of each metric, for validation and for test data.

Each metric takes the targets and the predicted probabilities and returns one number. A label is
predicted where its probability reaches the threshold. scikit-learn does the counting, with its own
defaults and ``zero_division=0``; so where a class is absent:

- several labels: macro F1 is the mean over all labels; one that no sample has counts as 0;
- several classes: macro means are over the classes that occur in the targets or in the predictions;
- mean average precision leaves out labels that no sample has: it is not defined for them; nor is
  the area under the ROC curve where all samples are of one class (NaN).

In multi-label data most labels of a sample are absent, so elementwise accuracy flatters: with two
labels of ten, a model that never answers anything reaches 0.8. ``baseline_probabilities`` is that
model; its values belong next to those of the trained one.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.utils.eval import Metric, predict_classes, predict_labels


def exact_match(y: NDArray[Any], probabilities: Array, threshold: float = 0.5) -> float:
    """Fraction of samples of which every label is right; (samples, labels) each."""
    from sklearn.metrics import accuracy_score

    return float(accuracy_score(_labels(y), predict_labels(probabilities, threshold)))


def hamming_loss(y: NDArray[Any], probabilities: Array, threshold: float = 0.5) -> float:
    """Fraction of labels that are wrong; (samples, labels) each."""
    return float((_labels(y) != predict_labels(probabilities, threshold)).mean())


def elementwise_accuracy(y: NDArray[Any], probabilities: Array, threshold: float = 0.5) -> float:
    """Fraction of labels that are right: 1 - hamming_loss; compare it with the baseline."""
    return 1 - hamming_loss(y, probabilities, threshold)


def micro_f1(y: NDArray[Any], probabilities: Array, threshold: float = 0.5) -> float:
    """F1 of all labels of all samples counted together; 0 where nothing is predicted."""
    return _f1_of_labels(y, probabilities, threshold, "micro")


def macro_f1(y: NDArray[Any], probabilities: Array, threshold: float = 0.5) -> float:
    """Mean of the F1 of each label; 0 is that of a label without a true positive."""
    return _f1_of_labels(y, probabilities, threshold, "macro")


def macro_f1_of_classes(y: NDArray[Any], probabilities: Array, threshold: float = 0.5) -> float:
    """Mean of the F1 of no and of yes, or of all classes that occur or are predicted."""
    return _of_classes("f1", y, probabilities, threshold, "macro")


def mean_average_precision(y: NDArray[Any], probabilities: Array, threshold: float = 0.5) -> float:
    """Mean over labels of the area under the precision-recall curve, whatever the threshold.

    Labels that no sample has are left out; NaN where there is none else.
    """
    from sklearn.metrics import average_precision_score

    labels = _labels(y)
    scores = [
        average_precision_score(labels[:, k], probabilities[:, k])
        for k in np.flatnonzero(labels.any(axis=0))
    ]
    return float(np.mean(scores)) if scores else float("nan")


def accuracy(y: NDArray[Any], probabilities: Array, threshold: float = 0.5) -> float:
    """Fraction of samples whose class is right; see ``classes_of`` for the shapes."""
    true, predicted = classes_of(y, probabilities, threshold)
    return float((true == predicted).mean())


def precision(y: NDArray[Any], probabilities: Array, threshold: float = 0.5) -> float:
    """Of what was predicted, the fraction that is right (macro mean if more than two classes)."""
    return _of_classes("precision", y, probabilities, threshold)


def recall(y: NDArray[Any], probabilities: Array, threshold: float = 0.5) -> float:
    """Of what is there, the fraction that was found (macro mean if more than two classes)."""
    return _of_classes("recall", y, probabilities, threshold)


def f1(y: NDArray[Any], probabilities: Array, threshold: float = 0.5) -> float:
    """Harmonic mean of precision and recall (macro mean if more than two classes)."""
    return _of_classes("f1", y, probabilities, threshold)


def roc_auc(y: NDArray[Any], probabilities: Array, threshold: float = 0.5) -> float:
    """Probability that a sample of class 1 gets a higher one than a sample of class 0.

    The area under the ROC curve (Fawcett 2006), whatever the threshold: what is left of a model
    where photos from elsewhere shift all its probabilities. (samples, 1) each; NaN where all
    samples are of one class.
    """
    from sklearn.metrics import roc_auc_score

    labels = _labels(y).reshape(-1)
    if labels.min() == labels.max() or not np.isfinite(probabilities).all():
        return float("nan")
    return float(roc_auc_score(labels, probabilities.reshape(-1)))


def confusion_matrix(
    y: NDArray[Any], probabilities: Array, threshold: float = 0.5
) -> NDArray[np.int64]:
    """(classes, classes): samples by true class (rows) and predicted class (columns)."""
    classes = max(probabilities.shape[1], 2)
    true, predicted = classes_of(y, probabilities, threshold)
    counts = np.bincount(true * classes + predicted, minlength=classes**2)
    return counts.reshape(classes, classes).astype(np.int64)


def classes_of(
    y: NDArray[Any], probabilities: Array, threshold: float = 0.5
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """True and predicted class of each sample, (samples,) each.

    Probabilities are (samples, 1) for two classes (of class 1) or (samples, classes); y is
    (samples,) class numbers, or has the shape of the probabilities.
    """
    if probabilities.shape[1] == 1:
        return _labels(y).reshape(-1), predict_labels(probabilities, threshold).reshape(-1)
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

MULTI_CLASS: dict[str, Metric] = {
    "accuracy": accuracy,
    "precision": precision,
    "recall": recall,
    "f1": f1,
}
"""Metrics of recipes with several classes that exclude each other, by name."""

BINARY: dict[str, Metric] = {**MULTI_CLASS, "macro_f1": macro_f1_of_classes, "roc_auc": roc_auc}
"""Metrics of recipes with a yes-or-no answer: those of the class yes, F1 of both classes, and what
does not depend on the threshold."""

METRICS = {"binary": BINARY, "multi_class": MULTI_CLASS, "multi_label": MULTI_LABEL}
"""Metrics by task."""


def _labels(y: NDArray[Any]) -> NDArray[np.int64]:
    return (y >= 0.5).astype(np.int64)


def _f1_of_labels(y: NDArray[Any], probabilities: Array, threshold: float, average: str) -> float:
    from sklearn.metrics import f1_score

    true, predicted = _labels(y), predict_labels(probabilities, threshold)
    if true.shape[1] == 1:  # scikit-learn takes one column for two classes
        true, predicted = true.reshape(-1), predicted.reshape(-1)
        average = "binary"
    return float(f1_score(true, predicted, average=average, zero_division=0))


def _of_classes(
    name: str,
    y: NDArray[Any],
    probabilities: Array,
    threshold: float,
    average: str | None = None,
) -> float:
    """Precision, recall or F1 of class 1 if there are two classes, else the macro mean."""
    from sklearn.metrics import precision_recall_fscore_support

    average = average or ("binary" if probabilities.shape[1] == 1 else "macro")
    true, predicted = classes_of(y, probabilities, threshold)
    values = precision_recall_fscore_support(true, predicted, average=average, zero_division=0)
    return float(values[["precision", "recall", "f1"].index(name)])

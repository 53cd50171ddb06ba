"""How good a model is on labelled data; scikit-learn and SciPy do the counting.

The metrics, and what their macro means do about absent classes, are those of
``src.classic_nn.utils.metrics``, as in validation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array
from src.classic_nn.utils.metrics import METRICS, confusion_matrix
from src.inference.classifier import Classifier
from src.inference.rejection import RiskCoverage, risk_coverage
from src.load.dataset import ImageDataset
from src.load.sources import Source

BINS = 10
"""Of confidences, for calibration."""


@dataclass(frozen=True)
class Evaluation:
    """What a model said of some samples, and what would have been right.

    Attributes:
        task: "binary", "multi_class" or "multi_label".
        classes: names; of a binary task no and yes.
        targets: (samples,) class numbers, or (samples, labels) of 0 and 1.
        probabilities: (samples, classes).
        threshold: from which on a label is given; of the class yes, if binary.
        images: where the samples came from.
        rows: (samples,), of ``images``.
        reject_below: probability of an answer below which it is not given.
    """

    task: str
    classes: Sequence[str]
    targets: NDArray[np.int64]
    probabilities: Array
    threshold: float
    images: Source
    rows: NDArray[np.intp]
    reject_below: float = 0.0

    def __len__(self) -> int:
        return len(self.targets)

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """What the model says, in the shape of ``targets``."""
        if self.task == "multi_label":
            return (self.probabilities >= self.threshold).astype(np.int64)
        if self.task == "binary":
            return (self.probabilities[:, 1] >= self.threshold).astype(np.int64)
        return self.probabilities.argmax(axis=1)

    @cached_property
    def correct(self) -> NDArray[np.bool_]:
        """(samples,): whether the class, or every label, is right."""
        equal = self.predicted == self.targets
        return equal.all(axis=1) if equal.ndim == 2 else equal

    @cached_property
    def indicators(self) -> NDArray[np.int64]:
        """(samples, classes) of 0 and 1, whatever the task."""
        if self.targets.ndim == 2:
            return self.targets
        return np.eye(len(self.classes), dtype=np.int64)[self.targets]

    @cached_property
    def occurring(self) -> NDArray[np.intp]:
        """Numbers of the classes that the samples have."""
        return np.flatnonzero(self.indicators.any(axis=0))

    @cached_property
    def certainty(self) -> Array:
        """(samples,): probability of the predicted class; (samples, labels): of each answer."""
        if self.task == "multi_label":
            return np.where(self.predicted, self.probabilities, 1 - self.probabilities)
        return self.probabilities[np.arange(len(self)), self.predicted]

    @cached_property
    def answer_certainty(self) -> Array:
        """(samples,): probability of the answer; of several labels that of the least certain."""
        return self.certainty.min(axis=1) if self.task == "multi_label" else self.certainty

    @cached_property
    def risk_coverage(self) -> RiskCoverage:
        """How many are wrong of those that are answered, at every threshold."""
        return risk_coverage(self.answer_certainty, self.correct)

    def answered(self) -> tuple[float, float]:
        """Coverage and risk at ``reject_below``; NaN for the risk where nothing is answered."""
        given = self.answer_certainty >= self.reject_below
        wrong = ~self.correct[given]
        return float(given.mean()), float(wrong.mean()) if len(wrong) else float("nan")

    def accuracy(self) -> tuple[float, float, float]:
        """Fraction of samples that are right, and the limits of its 95% interval (Wilson 1927)."""
        from scipy.stats import binomtest

        right = int(self.correct.sum())
        interval = binomtest(right, len(self)).proportion_ci(method="wilson")
        return right / len(self), float(interval.low), float(interval.high)

    @property
    def outputs(self) -> tuple[NDArray[np.int64], Array]:
        """Targets and probabilities as the metrics take them: of a binary task one column each."""
        if self.task == "binary":
            return self.targets[:, np.newaxis], self.probabilities[:, 1:]
        return self.targets, self.probabilities

    def summary(self) -> dict[str, float]:
        """The task's metrics by name, those of validation too; see ``classic_nn.utils.metrics``."""
        metrics = METRICS[self.task].items()
        return {name: metric(*self.outputs, self.threshold) for name, metric in metrics}

    @cached_property
    def averaged(self) -> NDArray[np.intp]:
        """Numbers of the classes over which macro means are taken, by scikit-learn's rule.

        All labels; or of classes that exclude each other, those that the samples have or the model
        gave.
        """
        if self.task == "multi_label":
            return np.arange(len(self.classes))
        return np.union1d(self.targets, self.predicted).astype(np.intp)

    def absent_note(self) -> str:
        """What macro means do about classes that no sample has; empty where all occur."""
        absent = len(self.averaged) - len(np.intersect1d(self.averaged, self.occurring))
        if not absent:
            return ""
        return (
            f"macro means are over {len(self.averaged)} classes; {absent} without a sample count 0"
        )

    def by_class(self) -> dict[str, NDArray[Any]]:
        """Columns of a table of classes, by name: (classes,) each.

        Average precision and the area under the ROC curve do not depend on the threshold; they
        are NaN where all samples, or none, have the class.
        """
        from sklearn.metrics import (
            average_precision_score,
            precision_recall_fscore_support,
            roc_auc_score,
        )

        numbers = np.arange(len(self.classes))
        precision, recall, f1, support = precision_recall_fscore_support(
            *self._columns(), labels=numbers, average=None, zero_division=0
        )
        average_precision = np.full(len(numbers), np.nan)
        roc_auc = np.full(len(numbers), np.nan)
        for k in self.occurring:
            truth, scores = self.indicators[:, k], self.probabilities[:, k]
            average_precision[k] = average_precision_score(truth, scores)
            if not truth.all():
                roc_auc[k] = roc_auc_score(truth, scores)
        return {
            "precision": precision,
            "recall": recall,
            "f1": f1,
            "average_precision": average_precision,
            "roc_auc": roc_auc,
            "samples": support,
        }

    def confusion_matrix(self) -> NDArray[np.int64]:
        """(classes, classes): samples by true class (rows) and predicted one (columns).

        Raises ValueError where samples have several labels.
        """
        if self.task == "multi_label":
            raise ValueError("samples with several labels have no confusion matrix")
        return confusion_matrix(*self.outputs, self.threshold)

    def _columns(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """True and predicted labels, for scikit-learn.

        It takes a single column of labels for two classes; an empty second one leaves no doubt.
        """
        if self.task == "multi_label" and len(self.classes) == 1:
            return np.pad(self.targets, ((0, 0), (0, 1))), np.pad(self.predicted, ((0, 0), (0, 1)))
        return self.targets, self.predicted

    def calibration(self) -> tuple[Array, Array, NDArray[np.int64], float]:
        """How often answers of a certainty are right.

        Returns:
            Mean certainty and fraction of right answers, (bins,) each, of the bins of equal width
            that are not empty; answers in each; and the expected calibration error, the mean
            distance of the two (Naeini, Cooper and Hauskrecht 2015). Answers are the predicted
            classes, or all labels.
        """
        certainty = self.certainty.ravel().astype(np.float64)
        right = (self.predicted == self.targets).ravel().astype(np.float64)
        bins = np.minimum((certainty * BINS).astype(int), BINS - 1)
        counts = np.bincount(bins, minlength=BINS)
        some = counts > 0
        sums = [np.bincount(bins, values, BINS)[some] for values in (certainty, right)]
        mean, right = (total / counts[some] for total in sums)
        error = float((np.abs(mean - right) * counts[some]).sum() / counts.sum())
        return mean, right, counts[some], error

    def mistakes(self) -> NDArray[np.intp]:
        """Numbers of the wrong samples, those first of which the model was most certain."""
        wrong = np.flatnonzero(~self.correct)
        certainty = self.certainty
        if self.task == "multi_label":
            certainty = np.where(self.predicted != self.targets, certainty, 0).max(axis=1)
        return wrong[np.argsort(-certainty[wrong], kind="stable")]

    def predicted_text(self, sample: int) -> str:
        """The predicted class or labels of a sample, in words."""
        return self._words(self.predicted[sample])

    def true_text(self, sample: int) -> str:
        """The true class or labels of a sample, in words."""
        return self._words(self.targets[sample])

    def _words(self, target: NDArray[np.int64]) -> str:
        numbers = np.flatnonzero(target) if self.task == "multi_label" else [int(target)]
        return ", ".join(self.classes[int(k)] for k in numbers) or "nothing"


def evaluate(
    classifier: Classifier,
    dataset: ImageDataset,
    rows: NDArray[np.intp],
    threshold: float | None = None,
) -> Evaluation:
    """Let a model classify samples.

    Args:
        classifier: the model.
        dataset: its classes, or labels, are those of the model, in the same order.
        rows: of the data set.
        threshold: see ``Evaluation``; the model's own if None.

    Raises UnreadableDataError at an image that cannot be read.
    """
    outputs = classifier.probabilities(dataset.images, rows)
    return _evaluation(classifier, dataset, rows, outputs, threshold)


def evaluation_of_logits(
    classifier: Classifier, dataset: ImageDataset, rows: NDArray[np.intp], logits: Array
) -> Evaluation:
    """``evaluate`` of what the network has given, (samples, outputs)."""
    return _evaluation(classifier, dataset, rows, classifier.from_logits(logits), None)


def _evaluation(
    classifier: Classifier,
    dataset: ImageDataset,
    rows: NDArray[np.intp],
    outputs: Array,
    threshold: float | None,
) -> Evaluation:
    task, targets = classifier.model.task, dataset.targets[rows]
    if task == "multi_label" and targets.ndim == 1:
        targets = np.eye(len(classifier.classes), dtype=np.int64)[targets]
    if task == "binary" and targets.ndim == 2:
        targets = targets[:, 0]
    return Evaluation(
        task,
        classifier.classes,
        targets,
        classifier.class_probabilities(outputs),
        classifier.threshold if threshold is None else threshold,
        dataset.images,
        rows,
        classifier.reject_below,
    )

"""Figures of an evaluation against scikit-learn, called another way, and against counting."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from src.classic_nn.utils.metrics import METRICS
from src.inference.evaluation import Evaluation
from src.inference.mcnemar import compare
from src.inference.report import class_table, summary_text
from src.load import ImageArrays

NAMES = ["a", "b", "c", "d"]


def evaluation(task, samples=60, seed=0, threshold=0.5, classes=4):
    """Answers that are better than chance."""
    rng = np.random.default_rng(seed)
    images, rows = ImageArrays(rng.random((samples, 3))), np.arange(samples)
    if task == "multi_label":
        targets = (rng.random((samples, classes)) < 0.3).astype(np.int64)
        scores = 0.6 * rng.random((samples, classes)) + 0.4 * targets
        return Evaluation(task, NAMES[:classes], targets, scores, threshold, images, rows)
    classes = 2 if task == "binary" else classes
    targets = rng.integers(0, classes, samples)
    scores = rng.random((samples, classes)) + 0.7 * np.eye(classes)[targets]
    scores /= scores.sum(axis=1, keepdims=True)
    return Evaluation(task, NAMES[:classes], targets, scores, threshold, images, rows)


@pytest.mark.parametrize("absent", [0, 2])
@pytest.mark.parametrize("task", ["binary", "multi_class", "multi_label"])
def test_the_summary_is_that_of_validation(task, absent):
    """Also where classes are absent: macro F1 was once 0.244 in one and 0.348 in the other."""
    found = without_last_classes(evaluation(task), absent if task != "binary" else 0)
    scores = found.probabilities[:, 1:] if task == "binary" else found.probabilities
    y = found.targets[:, np.newaxis] if task == "binary" else found.targets
    expected = {name: metric(y, scores) for name, metric in METRICS[task].items()}
    assert found.summary() == pytest.approx(expected, abs=1e-12)
    of_sklearn = sk.f1_score(found.targets, found.predicted, average="macro", zero_division=0)
    name = "f1" if task == "multi_class" else "macro_f1"
    assert found.summary()[name] == pytest.approx(of_sklearn)
    assert float(class_table(found)[-1][3]) == pytest.approx(of_sklearn, abs=1e-4)


def without_last_classes(found, absent):
    """The same evaluation on the samples that have none of the last classes."""
    if found.task == "multi_label":
        targets = found.targets.copy()
        targets[:, len(found.classes) - absent :] = 0
        return replace(found, targets=targets)
    keep = found.targets < len(found.classes) - absent
    return replace(
        found,
        targets=found.targets[keep],
        probabilities=found.probabilities[keep],
        rows=found.rows[keep],
    )


def test_what_is_done_about_absent_classes_is_said():
    found = without_last_classes(evaluation("multi_label"), 1)
    note = "macro means are over 4 classes; 1 without a sample count 0"
    assert summary_text(found, {}).splitlines()[-1] == note
    assert "macro means" not in summary_text(evaluation("multi_label"), {})


@pytest.mark.parametrize("task", ["binary", "multi_class", "multi_label"])
def test_figures_by_class_are_those_of_scikit_learn(task):
    found = evaluation(task, threshold=0.55)
    columns = found.by_class()
    report = sk.classification_report(
        found.targets,
        found.predicted,
        labels=range(len(found.classes)),
        target_names=found.classes,
        output_dict=True,
        zero_division=0,
    )
    for k, name in enumerate(found.classes):
        assert columns["precision"][k] == pytest.approx(report[name]["precision"])
        assert columns["recall"][k] == pytest.approx(report[name]["recall"])
        assert columns["f1"][k] == pytest.approx(report[name]["f1-score"])
        assert columns["samples"][k] == report[name]["support"]
        truth = found.indicators[:, k]
        assert columns["roc_auc"][k] == pytest.approx(
            sk.roc_auc_score(truth, found.probabilities[:, k])
        )
        assert columns["average_precision"][k] == pytest.approx(
            sk.average_precision_score(truth, found.probabilities[:, k])
        )


@given(st.integers(1, 400), st.integers(0, 400))
def test_the_interval_of_the_accuracy_is_wilsons(samples, right):
    right = min(right, samples)
    targets = np.zeros(samples, np.int64)
    scores = np.tile([0.1, 0.9], (samples, 1))
    scores[:right] = [0.9, 0.1]
    found = Evaluation(
        "multi_class", ["a", "b"], targets, scores, 0.5, ImageArrays(targets), targets
    )
    accuracy, low, high = found.accuracy()
    z = 1.959963984540054
    p = right / samples
    center = (p + z**2 / (2 * samples)) / (1 + z**2 / samples)
    half = z / (1 + z**2 / samples) * np.sqrt(p * (1 - p) / samples + z**2 / (4 * samples**2))
    assert accuracy == p
    assert low == pytest.approx(max(center - half, 0), abs=1e-9)
    assert high == pytest.approx(min(center + half, 1), abs=1e-9)


@pytest.mark.parametrize("task", ["binary", "multi_class", "multi_label"])
def test_calibration_counts_answers_by_their_certainty(task):
    found = evaluation(task, 200)
    mean, right, counts, error = found.calibration()
    certainty, right = found.certainty.ravel(), (found.predicted == found.targets).ravel()
    assert counts.sum() == certainty.size
    gaps = 0.0
    for k in range(10):
        here = (certainty >= k / 10) & ((certainty < (k + 1) / 10) | (k == 9))
        if here.any():
            gaps += abs(certainty[here].mean() - right[here].mean()) * here.sum()
    assert error == pytest.approx(gaps / certainty.size)
    assert (np.diff(mean) > 0).all()
    assert ((right >= 0) & (right <= 1)).all()


@pytest.mark.parametrize("task", ["binary", "multi_class", "multi_label"])
def test_mistakes_begin_with_the_most_certain_ones(task):
    found = evaluation(task, 100)
    wrong = found.mistakes()
    assert set(wrong.tolist()) == set(np.flatnonzero(~found.correct).tolist())
    certainty = found.certainty
    if task == "multi_label":
        certainty = np.where(found.predicted != found.targets, certainty, 0).max(axis=1)
    assert (np.diff(certainty[wrong]) <= 0).all()


def test_words():
    found = evaluation("multi_label")
    none = np.flatnonzero(found.targets.sum(axis=1) == 0)[0]
    assert found.true_text(int(none)) == "nothing"
    two = np.flatnonzero(found.targets.sum(axis=1) == 2)[0]
    assert len(found.true_text(int(two)).split(", ")) == 2


def test_the_confusion_matrix_has_true_classes_in_rows():
    found = evaluation("binary")
    counts = found.confusion_matrix()
    assert counts[0, 1] == ((found.targets == 0) & (found.predicted == 1)).sum()
    with pytest.raises(ValueError, match="no confusion matrix"):
        evaluation("multi_label").confusion_matrix()


def test_mcnemar_counts_what_only_one_gets_right():
    first, second = evaluation("multi_class", seed=1), evaluation("multi_class", seed=1)
    worse = second.probabilities.copy()
    worse[:20] = 1 - worse[:20]
    second = Evaluation("multi_class", NAMES, second.targets, worse, 0.5, first.images, second.rows)
    found = compare(first, second)
    only = (first.correct & ~second.correct).sum(), (second.correct & ~first.correct).sum()
    assert (found.first_only, found.second_only) == only
    assert found.both + found.first_only + found.second_only + found.neither == len(first)
    assert compare(first, first).p_value == 1
    assert "no difference" in compare(first, first).verdict()
    swapped = compare(second, first)
    assert swapped.p_value == found.p_value
    assert swapped.accuracies == found.accuracies[::-1]


@pytest.mark.parametrize(("one", "other", "p"), [(10, 0, 2 / 1024), (5, 5, 1.0), (1, 0, 1.0)])
def test_mcnemars_test_is_exact(one, other, p):
    samples = one + other + 7
    targets = np.zeros(samples, np.int64)
    good, bad = [0.9, 0.1], [0.1, 0.9]
    first, second = np.tile(good, (samples, 1)), np.tile(good, (samples, 1))
    second[:one] = bad
    first[one : one + other] = bad
    images = ImageArrays(targets)
    made = [
        Evaluation("multi_class", ["a", "b"], targets, scores, 0.5, images, np.arange(samples))
        for scores in (first, second)
    ]
    assert compare(*made).p_value == pytest.approx(p)


def test_models_on_different_samples_are_not_compared():
    with pytest.raises(ValueError, match="different samples"):
        compare(evaluation("binary"), evaluation("binary"))


def test_one_label_counts_as_a_label():
    targets = np.array([[1]] * 14 + [[0]] * 6)
    scores = np.where(targets, 0.9, 0.2)
    scores[0] = 0.1
    rows = np.arange(20)
    found = Evaluation("multi_label", ["apple"], targets, scores, 0.5, ImageArrays(scores), rows)
    columns = found.by_class()
    assert columns["samples"].tolist() == [14]
    assert columns["precision"].tolist() == [1.0]
    assert columns["recall"][0] == pytest.approx(13 / 14)
    summary = found.summary()
    assert summary["macro_f1"] == summary["micro_f1"] == pytest.approx(2 * 13 / 27)
    assert summary["hamming_loss"] == pytest.approx(1 / 20)


def test_the_last_bin_holds_full_certainty():
    scores = np.array([[0.0, 1.0], [0.15, 0.85], [0.05, 0.95]])
    targets, rows = np.array([1, 1, 0]), np.arange(3)
    found = Evaluation("multi_class", ["a", "b"], targets, scores, 0.5, ImageArrays(scores), rows)
    mean, right, counts, _ = found.calibration()
    assert counts.tolist() == [1, 2]
    assert mean.tolist() == pytest.approx([0.85, 0.975])
    assert right.tolist() == [1.0, 0.5]

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as sk

from src.classic_nn.utils import metrics

Y = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 0], [1, 1, 0]])
P = np.array([[0.9, 0.2, 0.4], [0.1, 0.8, 0.3], [0.6, 0.1, 0.1], [0.7, 0.9, 0.2]])
# predicted: [1 0 0], [0 1 0], [1 0 0], [1 1 0]; 4 true positives, 1 false positive, 1 miss


def test_multi_label_figures_by_hand():
    assert metrics.exact_match(Y, P) == 2 / 4
    assert metrics.hamming_loss(Y, P) == pytest.approx(2 / 12)
    assert metrics.elementwise_accuracy(Y, P) == pytest.approx(10 / 12)
    assert metrics.micro_f1(Y, P) == pytest.approx(2 * 4 / (2 * 4 + 1 + 1))
    assert metrics.macro_f1(Y, P) == pytest.approx((4 / 5 + 1 + 0) / 3)
    assert metrics.mean_average_precision(Y, P) == pytest.approx(1.0)


@given(
    y=arrays(np.int64, (7, 3), elements=st.integers(0, 1)),
    p=arrays(np.float64, (7, 3), elements=st.floats(0, 1)),
)
def test_multi_label_figures_by_their_definitions(y, p):
    predicted = p >= 0.5
    hits, wrong = (predicted & (y == 1)).sum(), (predicted != (y == 1)).sum()
    assert metrics.hamming_loss(y, p) == pytest.approx(wrong / y.size)
    assert metrics.exact_match(y, p) == pytest.approx((predicted == y).all(axis=1).mean())
    expected = 2 * hits / (2 * hits + wrong) if hits else 0
    assert metrics.micro_f1(y, p) == pytest.approx(expected)


@given(
    y=arrays(np.int64, (9, 5), elements=st.integers(0, 1)),
    p=arrays(np.float64, (9, 5), elements=st.floats(0, 1)),
    absent=st.integers(0, 4),
    threshold=st.sampled_from([0.3, 0.5, 0.9]),
)
def test_multi_label_metrics_are_scikit_learns(y, p, absent, threshold):
    """With labels that no sample has: scikit-learn counts their F1 as 0."""
    y[:, :absent] = 0
    predicted = p >= threshold
    for name, average in (("micro_f1", "micro"), ("macro_f1", "macro")):
        expected = sk.f1_score(y, predicted, average=average, zero_division=0)
        assert metrics.MULTI_LABEL[name](y, p, threshold) == pytest.approx(expected)
    assert metrics.exact_match(y, p, threshold) == sk.accuracy_score(y, predicted)
    assert metrics.hamming_loss(y, p, threshold) == pytest.approx(sk.hamming_loss(y, predicted))


@given(
    y=arrays(np.int64, 12, elements=st.integers(0, 4)),
    p=arrays(np.float64, (12, 5), elements=st.floats(0, 1)),
)
def test_metrics_of_classes_are_scikit_learns(y, p):
    predicted = p.argmax(axis=1)
    report = sk.precision_recall_fscore_support(y, predicted, average="macro", zero_division=0)
    found = [metrics.MULTI_CLASS[name](y, p) for name in ("precision", "recall", "f1")]
    assert found == pytest.approx(report[:3])
    assert metrics.accuracy(y, p) == sk.accuracy_score(y, predicted)
    expected = sk.confusion_matrix(y, predicted, labels=range(5))
    assert np.array_equal(metrics.confusion_matrix(y, p), expected)


@given(
    y=arrays(np.int64, (12, 1), elements=st.integers(0, 1)),
    p=arrays(np.float64, (12, 1), elements=st.floats(0, 1)),
    threshold=st.sampled_from([0.3, 0.5, 0.9]),
)
def test_metrics_of_yes_or_no_are_scikit_learns(y, p, threshold):
    predicted = p >= threshold
    report = sk.precision_recall_fscore_support(y, predicted, average="binary", zero_division=0)
    names = ("precision", "recall", "f1")
    assert [metrics.BINARY[n](y, p, threshold) for n in names] == pytest.approx(report[:3])
    macro = sk.f1_score(y.ravel(), predicted.ravel(), average="macro", zero_division=0)
    assert metrics.BINARY["macro_f1"](y, p, threshold) == pytest.approx(macro)
    positive, negative = p[y == 1], p[y == 0]
    pairs = (positive[:, np.newaxis] > negative) + 0.5 * (positive[:, np.newaxis] == negative)
    area = metrics.BINARY["roc_auc"](y, p, threshold)
    assert math.isnan(area) if pairs.size == 0 else area == pytest.approx(pairs.mean())


def test_average_precision_leaves_out_labels_that_never_occur():
    y, p = np.array([[1, 0], [0, 0]]), np.array([[0.2, 0.9], [0.6, 0.1]])
    assert metrics.mean_average_precision(y, p) == pytest.approx(0.5)
    assert math.isnan(metrics.mean_average_precision(np.zeros((2, 2)), p))


def test_the_area_of_what_is_not_finite_is_no_error():
    """Training that has diverged ends with a message of its own."""
    assert math.isnan(metrics.roc_auc(np.array([[0], [1]]), np.array([[0.5], [math.nan]])))


def test_two_classes_by_hand():
    """Predicted 1 1 0 1 for true 1 0 0 1: two hits, one false alarm, no miss."""
    y, p = np.array([[1], [0], [0], [1]]), np.array([[0.9], [0.6], [0.2], [0.5]])
    assert metrics.accuracy(y, p) == 3 / 4
    assert metrics.precision(y, p) == pytest.approx(2 / 3)
    assert metrics.recall(y, p) == 1
    assert metrics.f1(y, p) == pytest.approx(0.8)
    assert metrics.confusion_matrix(y, p).tolist() == [[1, 1], [0, 2]]


@pytest.mark.parametrize("one_hot", [False, True])
def test_several_classes_by_hand(one_hot):
    y = np.array([0, 1, 2, 2])
    p = np.array([[0.6, 0.3, 0.1], [0.5, 0.4, 0.1], [0.1, 0.1, 0.8], [0.2, 0.2, 0.6]])
    targets = np.eye(3)[y] if one_hot else y
    assert metrics.accuracy(targets, p) == 3 / 4
    assert metrics.recall(targets, p) == pytest.approx((1 + 0 + 1) / 3)
    assert metrics.confusion_matrix(targets, p).tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 2]]


def test_the_baseline_flatters_elementwise_accuracy_and_nothing_else():
    y = np.zeros((10, 10))
    y[:, 0] = 1
    guess = metrics.baseline_probabilities(y, y)
    assert metrics.elementwise_accuracy(y, guess) == 0.9
    assert metrics.micro_f1(y, guess) == 0
    assert metrics.exact_match(y, guess) == 0


@pytest.mark.parametrize(("train", "answer"), [([1, 1, 0], 1), ([0, 0, 1], 0)])
def test_the_baseline_of_one_label_is_the_more_frequent_answer_in_training(train, answer):
    guess = metrics.baseline_probabilities(np.zeros((4, 1)), np.array(train)[:, None])
    assert guess.tolist() == [[answer]] * 4


def test_a_class_that_nobody_has_keeps_its_place_in_the_confusion_matrix():
    p = np.array([[0.9, 0.1, 0.0], [0.8, 0.1, 0.1]])
    assert metrics.confusion_matrix(np.array([0, 1]), p).tolist() == [
        [1, 0, 0],
        [1, 0, 0],
        [0, 0, 0],
    ]


def test_the_baseline_of_classes_is_the_most_frequent_one_in_training():
    guess = metrics.baseline_probabilities(np.array([0, 2]), np.array([1, 2, 2, 0, 2]))
    assert guess.tolist() == [[0, 0, 1], [0, 0, 1]]

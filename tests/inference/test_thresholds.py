import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.inference.thresholds import threshold_for_f1, threshold_for_specificity


@given(
    st.lists(st.floats(0, 1, width=32), min_size=1, max_size=30),
    st.lists(st.floats(0, 1, width=32), max_size=30),
    st.floats(0, 1),
)
@settings(max_examples=200)
def test_the_threshold_reaches_the_wanted_specificity_and_is_the_lowest(
    negatives, positives, wanted
):
    scores = np.array([*negatives, *positives], np.float32)
    targets = np.array([0] * len(negatives) + [1] * len(positives))
    threshold = threshold_for_specificity(targets, scores, wanted)
    told = (np.array(negatives, np.float32) < threshold).mean()
    assert told >= wanted - 1e-9
    below = np.float32(negatives)[np.float32(negatives) < threshold]
    if len(below):  # any lower, and the highest of these is a false alarm
        assert (np.float32(negatives) < below.max()).mean() < wanted


def test_a_specificity_needs_negatives():
    with pytest.raises(ValueError, match="first class"):
        threshold_for_specificity(np.ones(3, np.int64), np.ones(3), 0.9)


@given(
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(0, 2**32 - 1),
    st.sampled_from([2, 5, 1000]),
)
def test_no_threshold_has_a_better_f1(samples, labels, seed, levels):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, levels, (samples, labels)) / levels
    targets = rng.integers(0, 2, (samples, labels))
    found = threshold_for_f1(targets, scores)
    assert found > 0  # a score of 0 says that nothing was found

    def f1(threshold):
        given = scores >= threshold
        return 2 * (given & (targets == 1)).sum() / max(given.sum() + targets.sum(), 1)

    candidates = [score for score in np.unique(scores) if score > 0]
    assert f1(found) == max([f1(candidate) for candidate in candidates], default=f1(found))


def test_the_threshold_lies_between_two_scores():
    targets, scores = np.array([[1, 0, 1]]), np.array([[0.9, 0.2, 0.6]])
    assert threshold_for_f1(targets, scores) == pytest.approx(0.4)
    assert threshold_for_f1(np.zeros((1, 3), int), scores) == 0.5

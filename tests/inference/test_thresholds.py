import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.inference.thresholds import threshold_for_specificity


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

"""Risk and coverage, and photos that are to be taken again."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.inference.__main__ import main
from src.inference.classifier import Classifier
from src.inference.rejection import risk_coverage, threshold_for_wrong_accepts
from tests.inference.models import saved, write
from tests.load.photos import save
from tests.programs import run_main

SAMPLES = st.lists(
    st.tuples(st.sampled_from([0.2, 0.5, 0.7, 0.8, 0.9, 0.95]), st.booleans()), min_size=1
)


@given(SAMPLES)
def test_every_point_of_the_curve_is_what_its_threshold_gives(samples):
    certainty, correct = (np.array(column) for column in zip(*samples, strict=True))
    curve = risk_coverage(certainty, correct)
    assert curve.coverage[-1] == 1
    for threshold, coverage, risk in zip(curve.thresholds, curve.coverage, curve.risk, strict=True):
        given = certainty >= threshold
        assert np.isclose(coverage, given.mean())
        assert np.isclose(risk, (~correct[given]).mean())
    assert -1e-12 <= curve.area() <= 1


@given(SAMPLES, st.sampled_from([0.0, 0.1, 0.3]))
def test_no_lower_threshold_keeps_the_risk(samples, wanted):
    certainty, correct = (np.array(column) for column in zip(*samples, strict=True))
    threshold = threshold_for_wrong_accepts(certainty, correct, wanted)
    given = certainty >= threshold
    assert not given.any() or (~correct[given]).mean() <= wanted
    for lower in np.unique(certainty[certainty < threshold]):
        assert (~correct[certainty >= lower]).mean() > wanted


def test_a_perfect_order_has_the_smallest_area():
    correct = np.array([True, True, True, False])
    good = risk_coverage(np.array([0.9, 0.8, 0.7, 0.6]), correct).area()
    bad = risk_coverage(np.array([0.6, 0.7, 0.8, 0.9]), correct).area()
    assert good == pytest.approx(0.25 / 4)
    assert bad > good


def test_uncertain_photos_are_to_be_taken_again(tmp_path):
    model = write(tmp_path / "model.safetensors", reject_below=0.999999)
    save(tmp_path / "one.png", 1)
    status, printed, _ = run_main(main, tmp_path, "predict", model, "one.png", "--json")
    found = json.loads(printed)
    assert (status, found["labels"]) == (0, ["retake"])
    assert sum(found["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    _, printed, _ = run_main(
        main, tmp_path, "predict", model, "one.png", "--json", "--reject-below", "0"
    )
    assert json.loads(printed)["labels"] != ["retake"]
    _, printed, _ = run_main(main, tmp_path, "predict", model, "one.png")
    assert "retake" in printed


@pytest.mark.parametrize(
    ("task", "names", "probabilities", "labels", "expected"),
    [
        ("multi_class", ("cat", "dog", "owl"), [0.2, 0.7, 0.1], ("dog",), 0.7),
        ("binary", ("no", "yes"), [0.8, 0.2], ("no",), 0.8),
        ("multi_label", ("a", "b", "c"), [0.9, 0.4, 0.2], ("a",), 0.6),
        ("multi_label", ("a", "b", "c"), [0.1, 0.4, 0.2], (), 0.6),
    ],
)
def test_certainty_is_that_of_the_answer(task, names, probabilities, labels, expected):
    classifier = Classifier(saved(task, names))
    assert classifier.certainty(np.array(probabilities), labels) == pytest.approx(expected)

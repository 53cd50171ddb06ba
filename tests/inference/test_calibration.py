"""Temperatures that are fitted: against a grid, against scikit-learn, and in a model."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.classic_nn.math import sigmoid, softmax
from src.classic_nn.serialization import save_model
from src.inference.calibration import RANGE, cross_entropy, fit_temperature
from src.inference.classifier import Classifier, load_model
from tests.inference.models import saved


def drawn(rng, task, temperature, samples=4000):
    """Logits that are too large by a factor, and targets that they were drawn for."""
    if task == "multi_class":
        z = rng.normal(0, 2, (samples, 4))
        targets = np.array([rng.choice(4, p=p) for p in softmax(z)])
    else:
        z = rng.normal(0, 2, (samples, 1 if task == "binary" else 3))
        targets = (rng.random(z.shape) < sigmoid(z)).astype(np.int64)
    return z * temperature, targets


@pytest.mark.parametrize("task", ["multi_class", "binary", "multi_label"])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_factor_is_found(rng, task, temperature):
    logits, targets = drawn(rng, task, temperature)
    assert fit_temperature(logits, targets, task) == pytest.approx(temperature, rel=0.1)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["multi_class", "binary", "multi_label"]))
def test_no_other_temperature_is_better(seed, task):
    rng = np.random.default_rng(seed)
    logits, targets = drawn(rng, task, np.exp(rng.uniform(-1, 1)), samples=40)
    found = fit_temperature(logits, targets, task)
    best = cross_entropy(logits / found, targets, task)
    for other in np.geomspace(*RANGE, 60):
        assert best <= cross_entropy(logits / other, targets, task) + 1e-6


@pytest.mark.parametrize("task", ["multi_class", "binary"])
def test_all_right_is_not_certain(task):
    """Without Platt's targets the temperature would go to nothing."""
    z = np.array([[4.0], [-4.0]] * 10)
    logits = np.concatenate([-z, z], axis=1) / 2 if task == "multi_class" else z
    targets = np.array([1, 0] * 10) if task == "multi_class" else np.array([[1], [0]] * 10)
    found = fit_temperature(logits, targets, task)
    assert found > 0.5
    certainty = sigmoid(4 / found)
    assert certainty == pytest.approx(11 / 12, abs=0.01)


def test_platt_s_targets_are_those_of_scikit_learn(rng):
    """Its sigmoid calibration, whose slope is 1 / T where the logits have no offset."""
    from sklearn.calibration import _SigmoidCalibration

    z = rng.normal(0, 3, 3000)
    z = np.r_[z, -z]
    y = np.r_[rng.random(3000) < sigmoid(z[:3000] / 2), np.zeros(3000, bool)].astype(int)
    y[3000:] = 1 - y[:3000]  # every sample has its mirror image: no offset
    theirs = _SigmoidCalibration().fit(z, y)
    ours = fit_temperature(z[:, np.newaxis], y[:, np.newaxis], "binary")
    assert 1 / ours == pytest.approx(-theirs.a_, rel=1e-3)


def test_nothing_to_fit_is_no_temperature():
    assert fit_temperature(np.zeros((0, 3)), np.zeros(0, np.int64), "multi_class") == 1.0


def test_a_model_divides_by_its_temperature(tmp_path, rng):
    image = rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)
    answers = {}
    for temperature in (1.0, 2.5):
        path = tmp_path / f"{temperature}.safetensors"
        save_model(path, saved(temperature=temperature))
        answers[temperature] = load_model(path).predict(image)[0]
    logits = np.log(list(answers[1.0].probabilities.values()))
    expected = softmax(logits[np.newaxis] / 2.5)[0]
    assert np.allclose(list(answers[2.5].probabilities.values()), expected, atol=1e-6)
    assert answers[1.0].labels == answers[2.5].labels
    assert Classifier(saved()).model.temperature == 1.0

"""The last step opened: its steps end with what the library computes, for each task."""

import numpy as np
import pytest

from src.classic_nn import BinaryCrossEntropy, SoftmaxCrossEntropy
from src.classic_nn.math import sigmoid, softmax
from src.inference.glass.answers import open_loss, open_output_gradient, open_probability
from src.inference.glass.goals import goal

NAMES = [f"class {k}" for k in range(12)]


def logits(outputs, scale=3.0):
    return np.random.default_rng(4).normal(scale=scale, size=outputs)


def probabilities(task, z):
    if task == "multi_class":
        return softmax(z[np.newaxis])[0]
    p = sigmoid(z)
    return np.array([1 - p[0], p[0]]) if task == "binary" else p


@pytest.mark.parametrize("temperature", [1.0, 1.7])
@pytest.mark.parametrize(
    ("task", "outputs"), [("multi_class", 5), ("multi_label", 12), ("binary", 1)]
)
def test_a_probability_is_the_last_of_its_steps(task, outputs, temperature):
    z = logits(outputs)
    expected = probabilities(task, z / temperature)
    for number, p in enumerate(expected):
        opened = open_probability(task, z, temperature, number, float(p))
        assert opened.total == pytest.approx(p, rel=1e-12)
        assert opened.value == float(p)
        assert ("temperature" in str(opened.steps)) == (temperature != 1)


def test_huge_logits_do_not_overflow():
    z = np.array([4000.0, 3999.0, -4000.0])
    opened = open_probability("multi_class", z, 1.0, 1, 0.0)
    assert opened.total == pytest.approx(1 / (1 + np.e), rel=1e-12)
    assert "largest" in opened.formula


@pytest.mark.parametrize(
    ("task", "outputs", "classes", "chosen"),
    [
        ("multi_class", 5, 5, [3]),
        ("binary", 1, 2, [1]),
        ("binary", 1, 2, [0]),
        ("multi_label", 12, 12, [0, 7]),
        ("multi_label", 12, 12, []),
        ("multi_label", 3, 3, [0, 1, 2]),
    ],
)
def test_loss_and_gradient_are_those_of_the_library(task, outputs, classes, chosen):
    z = logits(outputs)
    loss, targets = goal(task, classes, chosen)
    assert isinstance(loss, SoftmaxCrossEntropy if task == "multi_class" else BinaryCrossEntropy)
    value, cache = loss.forward(z[np.newaxis], targets)
    opened = open_loss(task, z, NAMES[:classes], chosen, float(value))
    assert opened.total == pytest.approx(float(value), rel=1e-10)
    gradient = loss.backward(cache)[0]
    for number in range(outputs):
        found = open_output_gradient(task, z, chosen, number, float(gradient[number]))
        assert found.total == pytest.approx(gradient[number], rel=1e-9, abs=1e-15)


def test_few_of_many_labels_are_named_and_the_others_are_counted():
    opened = open_loss("multi_label", logits(12), NAMES, [2], 0.0)
    names = [name for name, _ in opened.steps]
    assert len(names) == 10
    assert names[8] == "4 others"
    assert names[9] == "Σ / 12"
    assert sum(value for _, value in opened.steps[:9]) / 12 == pytest.approx(opened.total)

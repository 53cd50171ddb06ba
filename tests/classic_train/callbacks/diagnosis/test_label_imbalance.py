import numpy as np
import pytest

from src.classic_train.callbacks.diagnosis.label_imbalance import label_imbalance


@pytest.mark.parametrize(
    ("targets", "names", "expected"),
    [
        (np.repeat([0, 1], [100, 9]), ["cat", "dog"], "rare classes: dog 9; the largest class has"),
        (np.repeat([0, 1], [100, 10]), ["cat", "dog"], None),
        (np.repeat([0, 2], [50, 50]), ["a", "b", "c"], "rare classes: b 0;"),
        (np.repeat([[0], [1]], [100, 9], axis=0), ["yes"], "rare classes: yes 9;"),
        (np.repeat([[0.0], [1.0]], [9, 100], axis=0), ["bad", "good"], "rare classes: bad 9;"),
        (np.eye(3)[[0] * 150 + [1] * 150 + [2]], ["a", "b", "c"], "rare labels: c 1; of 301"),
        (np.eye(60), [str(k) for k in range(60)], None),
        (np.repeat(np.arange(6), [100, 1, 2, 3, 4, 5]), list("abcdef"), "b 1, c 2, d 3 and 2 more"),
        (np.repeat([0, 1, 2, 3], [100, 90, 2, 1]), ["a", "b", "c"], "classes: class 3 1, c 2; the"),
        (np.repeat([0, 1, 2], [100, 90, 2]), [], "rare classes: class 2 2; the largest"),
        (np.eye(3)[[0] * 150 + [1] * 150 + [2]], ["a"], "rare labels: class 2 1; of 301"),
        (np.zeros(0, np.int64), ["a", "b"], None),
        (np.zeros((0, 1)), ["yes"], None),
        (np.zeros((0, 3)), ["a", "b", "c"], None),
    ],
)
def test_label_imbalance(targets, names, expected):
    found = label_imbalance(targets, names)
    assert len(found) == (expected is not None)
    if expected is not None:
        assert expected in found[0].evidence
        assert str(found[0]).startswith("data: label imbalance: ")

"""How many samples of each class stand for all."""

import numpy as np
import pytest

from src.inference.sampling import some_of_each_class
from src.load import ImageDataset

COUNTS = (2, 5, 40)
"""Samples of each class."""


def data_set(targets):
    images = np.zeros((len(targets), 2, 2, 1), np.uint8)
    rows = np.arange(len(targets))
    return ImageDataset(images, targets, ["a", "b", "c"], {"all": rows}), rows


@pytest.mark.parametrize(
    ("most", "equal", "counts"),
    [
        (15, False, [2, 5, 8]),  # of the rare ones all, and as many as are wanted together
        (15, True, [2, 5, 5]),  # no more than a third of each
        (9, False, [2, 3, 4]),
        (6, True, [2, 2, 2]),
        (99, False, [2, 5, 40]),
        (99, True, [2, 5, 33]),
    ],
)
def test_rare_classes_are_there(most, equal, counts, rng):
    dataset, rows = data_set(np.repeat([0, 1, 2], COUNTS))
    chosen = some_of_each_class(dataset, rows, rng, most, equal)
    assert np.array_equal(chosen, np.unique(chosen))
    found = np.bincount(dataset.targets[chosen], minlength=3)
    assert np.abs(np.sort(found) - counts).max() <= (most == 9)  # who is left over has turns drawn
    assert found.sum() == sum(counts)


def test_the_choice_is_random_and_of_the_given_rows():
    dataset, rows = data_set(np.repeat([0, 1, 2], COUNTS))
    choices = {
        some_of_each_class(dataset, rows[20:], np.random.default_rng(seed), 9).tobytes()
        for seed in range(5)
    }
    assert len(choices) == 5
    assert all(np.frombuffer(c, rows.dtype).min() >= 20 for c in choices)


def test_of_several_labels_any_sample_may_stand(rng):
    dataset, rows = data_set(rng.integers(0, 2, (30, 3)))
    assert len(np.unique(some_of_each_class(dataset, rows, rng, 12))) == 12

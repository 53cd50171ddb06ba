import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.classic_train.mini_batch.dataset import ArrayDataset, DataError, as_dataset
from src.classic_train.mini_batch.utils import LAYERS, SHUFFLING, random_stream, shuffled_batches

X, Y = np.ones((5, 3)), np.zeros((5, 2))


def changed(array, value, place=(3, 1)):
    copy = array.copy()
    copy[place] = value
    return copy


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            (changed(X, np.nan), Y),
            r"train x: expected finite numbers, got nan in sample 3 \(1 of 5",
        ),
        ((X, changed(Y, -np.inf)), r"train y: expected finite numbers, got -inf in sample 3"),
        ((X, Y[:4]), r"train: expected as many rows in y as in x, got x \(5, 3\) and y \(4, 2\)"),
        ((X[:0], Y[:0]), r"train x: expected at least one sample, got shape \(0, 3\)"),
        ((np.array([["a"]]), Y[:1]), "train x: expected real numbers, got values of type <U1"),
        ((X,), "expected \\(x, y\\) or \\(x, y, sample_weights\\), got 1 arrays"),
        ((X, Y, np.ones(4)), r"train sample_weights: expected shape \(5,\)"),
        ((X, Y, np.zeros(5)), "not all zero"),
        ((X, Y, -np.ones(5)), "no negative values .* values -1.0 to -1.0"),
        ((1e300 * X, Y), "train x: expected finite numbers, got inf"),
    ],
)
def test_bad_data_says_which_array_what_and_where(data, message):
    with pytest.raises(DataError, match=message):
        as_dataset(data, "train", np.float32)


def test_data_take_the_networks_dtype_and_class_numbers_stay_whole():
    data = as_dataset((X, np.arange(5), np.ones(5)), "train", np.float32)
    assert data.x.dtype == data.weights.dtype == np.float32
    assert np.issubdtype(data.y.dtype, np.integer)
    assert as_dataset((X, Y.astype(int)), "train", np.float64).y.dtype == np.float64


@given(samples=st.integers(0, 30), workers=st.integers(1, 8))
def test_shards_cover_every_sample_once_and_are_even(samples, workers):
    data = ArrayDataset(np.arange(samples), np.arange(samples))
    shards = [data.shard(rank, workers).x for rank in range(workers)]
    assert np.array_equal(np.concatenate(shards), np.arange(samples))
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


@given(samples=st.integers(1, 50), batch_size=st.integers(1, 60), epoch=st.integers(1, 99))
def test_batches_hold_every_sample_once(samples, batch_size, epoch):
    batches = list(shuffled_batches(samples, batch_size, random_stream(0, SHUFFLING, epoch)))
    assert sorted(np.concatenate(batches)) == list(range(samples))
    assert all(len(rows) == batch_size for rows in batches[:-1])
    assert 0 < len(batches[-1]) <= batch_size


def test_samples_are_shuffled_not_batches():
    rows = next(iter(shuffled_batches(1000, 10, random_stream(0, SHUFFLING, 1))))
    assert np.abs(np.diff(rows)).min() > 1


def test_streams_differ_by_everything_they_are_made_of():
    settings = [(0, SHUFFLING, 1), (1, SHUFFLING, 1), (0, LAYERS, 1), (0, LAYERS, 2)]
    draws = {random_stream(*setting).random() for setting in settings}
    assert len(draws) == len(settings)
    assert random_stream(0, LAYERS, 1).random() == random_stream(0, LAYERS, 1).random()

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.classic_nn.sample_streams import SampleStreams

LAYERS = ["dropout1", "dropout2"]


@given(
    samples=st.integers(0, 12),
    values=st.integers(1, 7),
    cuts=st.lists(st.integers(0, 12), max_size=4),
    seed=st.integers(0, 99),
)
def test_parts_draw_what_the_whole_draws(samples, values, cuts, seed):
    whole = SampleStreams([seed, 1], LAYERS).uniform("dropout1", (samples, values))
    ends = [0, *sorted(min(cut, samples) for cut in cuts), samples]
    streams, parts = SampleStreams([seed, 1], LAYERS), []
    for start, stop in pairwise(ends):
        streams.first = start
        parts.append(streams.uniform("dropout1", (stop - start, values)))
    assert np.array_equal(np.concatenate(parts), whole)


def test_layers_epochs_and_seeds_have_streams_of_their_own():
    numbers = {
        SampleStreams(key, LAYERS).uniform(layer, (1, 1)).item()
        for key in ([0, 1], [0, 2], [1, 1])
        for layer in LAYERS
    }
    assert len(numbers) == 6


def test_the_numbers_are_uniform_single_precision_and_of_any_shape():
    streams = SampleStreams([0], LAYERS)
    numbers = streams.uniform("dropout2", (50, 1, 1, 200))
    assert numbers.dtype == np.float32
    assert numbers.shape == (50, 1, 1, 200)
    assert 0 <= numbers.min() < 0.01
    assert 0.99 < numbers.max() < 1
    assert numbers.mean() == pytest.approx(0.5, abs=0.01)
    neighbours = np.corrcoef(numbers.ravel()[:-1], numbers.ravel()[1:])[0, 1]
    assert abs(neighbours) < 0.03


def test_asked_again_it_draws_the_same():
    streams = SampleStreams([0], LAYERS)
    streams.first = 5
    first = streams.uniform("dropout1", (3, 3))
    streams.uniform("dropout2", (3, 3))
    assert np.array_equal(streams.uniform("dropout1", (3, 3)), first)

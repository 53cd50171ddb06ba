import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from src.classic_nn.channelwise import WIDTH, channelwise, feature_sum, repeated, row_blocks

SHAPES = st.tuples(st.integers(0, 6), st.integers(1, 9), st.integers(1, 9), st.integers(1, 40))


@given(shape=SHAPES)
def test_adding_a_vector_on_long_rows_is_adding_it_to_every_position(shape):
    rng = np.random.default_rng(0)
    x, values = rng.normal(size=shape), rng.normal(size=shape[-1])
    rows = channelwise(x)
    assert np.shares_memory(rows, x) or not x.size
    assert rows.shape[1] <= max(WIDTH, shape[-1])
    assert np.array_equal((rows + repeated(values, rows)).reshape(shape), x + values)
    assert np.allclose(feature_sum(x), x.sum(axis=(0, 1, 2)))


def test_features_wider_than_a_row_stay_whole():
    assert channelwise(np.zeros((3, 2 * WIDTH))).shape == (3, 2 * WIDTH)


@given(length=st.integers(0, 50), width=st.sampled_from([1, 4096, 1 << 21, 1 << 23]))
def test_blocks_cover_every_row_once(length, width):
    rows = np.broadcast_to(np.zeros(1), (length, width))
    seen = [row for block in row_blocks(rows) for row in range(length)[block]]
    assert seen == list(range(length))

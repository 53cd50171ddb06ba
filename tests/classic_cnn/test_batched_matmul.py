import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from src.classic_cnn.batched_matmul import (
    FEWEST,
    SMALL_PRODUCT,
    batched_matmul,
    batched_matmul_transposed,
    rows_at_once,
)


@given(
    rows=st.one_of(st.integers(0, 700), st.sampled_from([65, 129, 257])),
    inner=st.sampled_from([1, 9, 144, 200]),
    columns=st.sampled_from([1, 16, 96]),
    seed=st.integers(0, 99),
)
def test_short_products_make_up_the_whole(rows, inner, columns, seed):
    rng = np.random.default_rng(seed)
    a, b, c = rng.random((rows, inner)), rng.random((inner, columns)), rng.random((rows, columns))
    out = np.full((rows, columns), np.nan)
    batched_matmul(a, b, out)
    assert np.allclose(out, a @ b, rtol=1e-12)
    assert np.allclose(batched_matmul_transposed(a, c), a.T @ c, rtol=1e-12)


@given(inner=st.integers(1, 5000), columns=st.integers(1, 512))
def test_short_products_are_small_or_left_whole(inner, columns):
    step = rows_at_once(inner, columns)
    assert step == 0 or (step >= FEWEST and step * inner * columns <= SMALL_PRODUCT)

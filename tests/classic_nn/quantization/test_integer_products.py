"""Products of integers are exact, at the limit too."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from src.classic_nn.quantization import integer_matmul, products_in_a_block
from src.classic_nn.quantization.integer_products import EXACT, exact_parts, largest_sum


@given(st.integers(1, 20), st.integers(1, 3000), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_they_are_those_of_integers(rows, inner, columns, seed):
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 256, (rows, inner)).astype(np.uint8)
    b = rng.integers(-127, 128, (inner, columns)).astype(np.int8)
    zero = int(rng.integers(0, 256))
    zeros = rng.integers(-5, 6, columns)
    expected = (a.astype(np.int64) - zero) @ (b.astype(np.int64) - zeros)
    assert np.array_equal(integer_matmul(a, b, zero, zeros), expected)


def test_the_largest_possible_sums_are_exact():
    """All products 255 * 127 but the last: float32 alone would round."""
    inner = 4 * products_in_a_block(255, 127)
    a = np.full((2, inner), 255, np.uint8)
    b = np.full((inner, 3), 127, np.int8)
    b[-1] = 1
    expected = a.astype(np.int64) @ b.astype(np.int64)
    assert np.array_equal(integer_matmul(a, b), expected)
    rounded = (a.astype(np.float32) @ b.astype(np.float32)).astype(np.int64)
    assert not np.array_equal(rounded, expected)  # else the test shows nothing


@given(st.integers(1, 9), st.integers(1, 400), st.integers(1, 8), st.integers(0, 1000))
def test_parts_cover_all_inputs_and_none_can_be_too_large(kernel, inputs, outputs, seed):
    w = np.random.default_rng(seed).integers(-127, 128, (kernel, inputs, outputs))
    parts = exact_parts(w.astype(np.float32), 255)
    assert np.array_equal(
        np.concatenate([np.arange(inputs)[part] for part in parts]), np.arange(inputs)
    )
    for part in parts:
        assert (
            np.abs(w[:, part]).sum(axis=(0, 1)).max() * 255 <= EXACT or part.stop - part.start == 1
        )
    zeros = np.zeros(outputs, np.int64)
    assert largest_sum(w.astype(np.float32), 255, zeros) == np.abs(w).sum(axis=(0, 1)).max() * 255

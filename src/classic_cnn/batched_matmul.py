"""Products of tall matrices: many windows, few values in each, few filters.

A matrix library first copies both factors into an order that suits its kernel. For thousands of
rows times a small matrix that copying takes up to half of the time. OpenBLAS, which NumPy ships
with, has kernels without it for products of up to a million multiply-adds. So a tall matrix is
seen as a stack of short ones, which ``numpy.matmul`` multiplies one after the other in a single
call: 20 to 40% faster for the kernels of first layers, and the same elsewhere.
"""

import numpy as np

from src.classic_nn.array_types import Array

SMALL_PRODUCT = 1_000_000
"""Multiply-adds up to which a product is small (OpenBLAS, ``sgemm_small_matrix_permit``)."""

FEWEST, MOST = 32, 256
"""Rows of a short matrix: with fewer, calling takes over; with more, nothing is gained."""

FEWEST_TRANSPOSED = 64
"""Likewise for a product that is summed over the short matrices: each has a result of its own."""


def rows_at_once(inner: int, columns: int, fewest: int = FEWEST) -> int:
    """Rows of the short matrices, a power of two; 0 where the product is better left whole.

    >>> rows_at_once(144, 32), rows_at_once(576, 64)
    (128, 0)
    """
    most = min(SMALL_PRODUCT // (inner * columns), MOST)
    return 1 << (most.bit_length() - 1) if most >= fewest else 0


def batched_matmul(a: Array, b: Array, out: Array) -> None:
    """out = a @ b for a (rows, inner), b (inner, columns), out (rows, columns) contiguous."""
    step = rows_at_once(*b.shape)
    whole = len(a) // step * step if step else 0
    if whole:
        short = (whole // step, step)
        np.matmul(
            a[:whole].reshape(*short, a.shape[1]), b, out=out[:whole].reshape(*short, b.shape[1])
        )
    if whole < len(a):
        np.matmul(a[whole:], b, out=out[whole:])


def batched_matmul_transposed(a: Array, b: Array) -> Array:
    """a^T @ b for a (rows, m) and b (rows, n): the sum of the short matrices' products."""
    step = rows_at_once(a.shape[1], b.shape[1], FEWEST_TRANSPOSED)
    whole = len(a) // step * step if step else 0
    total = a[whole:].T @ b[whole:]
    if whole:
        short = (whole // step, step)
        first = a[:whole].reshape(*short, a.shape[1])
        second = b[:whole].reshape(*short, b.shape[1])
        total += np.matmul(first.transpose(0, 2, 1), second).sum(axis=0)
    return total

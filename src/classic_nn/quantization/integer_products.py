"""Products of integer matrices, exact, by the matrix library's products of float32.

    y = (a - z_a) (b - z_b)        a (rows, inner), b (inner, columns) of 8 bits, y of int32

A float32 holds every integer up to 2^24. A product of 8-bit integers is at most 255 * 255 = 65,025
if the zero point is an end of its range; with b symmetric, at most 255 * 127 = 32,385. So a sum of
2^24 / 32,385 = 518 products is exact in float32, in whatever order it is summed. Longer sums are
made of parts, which are added as int32, as the integer instructions of processors do; these are
exact up to 2^31 / 32,385 = 66,311 products. Weights are mostly far from 127: what counts is the sum
of their absolute values, so parts are few.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_nn.array_types import Array

EXACT = 1 << 24
"""Integers up to here are exact in float32."""


def products_in_a_block(largest_a: int, largest_b: int) -> int:
    """How many products of integers up to these absolute values float32 sums exactly.

    >>> products_in_a_block(255, 127)
    518
    """
    return EXACT // (largest_a * largest_b)


def exact_parts(w: Array, largest: int) -> list[slice]:
    """Inputs in parts whose sums of products are exact in float32.

    Args:
        w: (..., inputs, outputs), float32 that holds integers.
        largest: absolute value of what w is multiplied by, at most.

    >>> w = np.full((3, 3, 100, 8), 100, np.float32)
    >>> [(part.start, part.stop) for part in exact_parts(w, 255)]
    [(0, 73), (73, 100)]
    """
    parts, start, total = [], 0, np.zeros(w.shape[-1])
    for number, more in enumerate(_sums(w) * largest):
        if number > start and (total + more).max() > EXACT:
            parts.append(slice(start, number))
            start, total = number, np.zeros(w.shape[-1])
        total += more
    return [*parts, slice(start, w.shape[-2])]


def largest_sum(w: Array, largest: int, b: NDArray[np.integer]) -> int:
    """What the sum of an output, with its bias b (outputs,), is at most."""
    return int((_sums(w).sum(axis=0) * largest + np.abs(b.astype(np.int64))).max(initial=0))


def _sums(w: Array) -> NDArray[np.float64]:
    """(inputs, outputs): sums of |w| over all other axes."""
    axes = tuple(range(w.ndim - 2))
    return np.abs(w).sum(axis=axes, dtype=np.float64)


def integer_matmul(
    a: NDArray[np.integer],
    b: NDArray[np.integer],
    a_zero_point: int = 0,
    b_zero_point: NDArray[np.integer] | int = 0,
) -> NDArray[np.int32]:
    """y (rows, columns) of a (rows, inner) and b (inner, columns); zero points of b by column.

    >>> a, b = np.array([[255, 0]], np.uint8), np.array([[127], [-127]], np.int8)
    >>> integer_matmul(a, b, a_zero_point=128).tolist()
    [[32385]]
    """
    left = a.astype(np.float32) - np.float32(a_zero_point)
    right = b.astype(np.float32) - np.asarray(b_zero_point, np.float32)
    parts = exact_parts(right, int(np.abs(left).max(initial=0)))
    return exact_matmul(left, right, parts).astype(np.int32)


def exact_matmul(left: Array, right: Array, parts: list[slice]) -> NDArray[Any]:
    """Product of float32 matrices that hold integers, by the parts of ``exact_parts``.

    float32 where there is one part, else int32.
    """
    if len(parts) == 1:
        return left @ right
    total = np.zeros((len(left), right.shape[1]), np.int32)
    for part in parts:
        total += (left[:, part] @ right[part]).astype(np.int32)
    return total

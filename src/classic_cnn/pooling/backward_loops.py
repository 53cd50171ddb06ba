"""Pooling, backward, as the loops of the formula: over windows, their elements, and channels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.classic_cnn.pooling import backward
from src.classic_cnn.pooling.forward_loops import WITHOUT_HOLES, is_2x2, settings
from src.classic_cnn.utils import Geometry, Pair
from src.classic_nn.array_types import Array
from src.common.kernels import numpy_form
from src.common.loops import Array4, Bytes4, Matrix, Number, Whole, contiguous, loop


@loop
def to_winners_loop(
    dy: Array4,
    winner: Bytes4,
    kh: Whole,
    kw: Whole,
    sy: Whole,
    sx: Whole,
    top: Whole,
    left: Whole,
    zero: Number,
    dx: Array4,
) -> None:
    """dx += dy at the winner of each window; windows may overlap."""
    height, width, channels = dx.shape[1:]
    for n in range(dy.shape[0]):
        for p in range(dy.shape[1]):
            for q in range(dy.shape[2]):
                r, s = p * sy - top, q * sx - left
                for i in range(max(-r, 0), min(kh, height - r)):
                    for j in range(max(-s, 0), min(kw, width - s)):
                        k = np.uint8(i * kw + j)
                        for c in range(channels):
                            dx[n, r + i, s + j, c] += (
                                dy[n, p, q, c] if winner[n, p, q, c] == k else zero
                            )


@loop
def to_winners_2x2_loop(dy: Array4, winner: Bytes4, zero: Number, dx: Array4) -> None:
    """dx = dy at the winner of each window and 0 elsewhere in it, for 2 x 2 side by side."""
    for n in range(dy.shape[0]):
        for p in range(dy.shape[1]):
            for q in range(dy.shape[2]):
                for c in range(dy.shape[3]):
                    d, k = dy[n, p, q, c], winner[n, p, q, c]
                    dx[n, 2 * p, 2 * q, c] = d if k == 0 else zero
                    dx[n, 2 * p, 2 * q + 1, c] = d if k == 1 else zero
                    dx[n, 2 * p + 1, 2 * q, c] = d if k == 2 else zero
                    dx[n, 2 * p + 1, 2 * q + 1, c] = d if k == 3 else zero


@loop
def to_all_loop(
    dy: Array4,
    counts: Matrix,
    kh: Whole,
    kw: Whole,
    sy: Whole,
    sx: Whole,
    top: Whole,
    left: Whole,
    dx: Array4,
) -> None:
    """dx += dy / count at all elements of each window."""
    height, width, channels = dx.shape[1:]
    for n in range(dy.shape[0]):
        for p in range(dy.shape[1]):
            for q in range(dy.shape[2]):
                r, s = p * sy - top, q * sx - left
                for i in range(max(-r, 0), min(kh, height - r)):
                    for j in range(max(-s, 0), min(kw, width - s)):
                        for c in range(channels):
                            dx[n, r + i, s + j, c] += dy[n, p, q, c] / counts[p, q]


def to_winners(
    dy: Array, winner: NDArray[np.unsignedinteger[Any]], image: Pair, where: Geometry
) -> Array:
    """See ``backward.to_winners``."""
    if winner.dtype != np.uint8 or where.dilation != WITHOUT_HOLES:
        return numpy_form(backward.to_winners)(dy, winner, image, where)
    dy, winner = contiguous(dy, winner)
    shape, zero = (len(dy), *image, dy.shape[3]), dy.dtype.type(0)
    if is_2x2(where):
        covered = image[0] % 2 == image[1] % 2 == 0
        dx = np.empty(shape, dy.dtype) if covered else np.zeros(shape, dy.dtype)
        to_winners_2x2_loop(dy, winner, zero, dx)
    else:
        dx = np.zeros(shape, dy.dtype)
        to_winners_loop(dy, winner, *settings(where), zero, dx)
    return dx


def to_all(dy: Array, counts: Array, image: Pair, where: Geometry) -> Array:
    """See ``backward.to_all``."""
    if where.dilation != WITHOUT_HOLES:
        return numpy_form(backward.to_all)(dy, counts, image, where)
    dy, counts = contiguous(dy, counts[..., 0])
    dx = np.zeros((len(dy), *image, dy.shape[3]), dy.dtype)
    to_all_loop(dy, counts, *settings(where), dx)
    return dx

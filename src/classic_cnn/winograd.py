"""3 x 3 convolution with few multiplications (Winograd 1980; Lavin and Gray 2016, section 4).

A tile of 4 x 4 outputs sees 6 x 6 pixels. With d the pixels, g the kernel and constant matrices B,
G, A, for each channel and filter

    y = A^T [ (B^T d B) * (G g G^T) ] A            * element by element

summed over channels inside the brackets: at each of the 36 positions of a tile a matrix product of
(tiles, channels) and (channels, filters), instead of 9 products for each of 16 outputs. That is 36
multiplications instead of 144.

    1. pixels   V = B^T d B     of every tile and channel
    2. kernel   U = G g G^T     of every channel and filter
    3. products M = V U         36 matrices
    4. outputs  y = A^T M A     of every tile and filter

Backward, every step is linear, so its gradient is that of a product with a constant matrix:

    4. dM = A dy A^T
    3. dU = V^T dM,   dV = dM U^T
    2. dg = G^T dU G
    1. dd = B dV B^T, and pixels that several tiles share add up

Where the matrices come from: a row of 4 outputs is a product of polynomials, backwards, and a
polynomial of degree 5 is known by its values at 6 points (Toom 1963, Cook 1966). G evaluates the
kernel at the points, B^T the pixels, and A^T goes back to coefficients. Any points give the same
result but for rounding: with 0, 3/4, -3/4, 3/2, -3/2 and infinity errors are a third of those with
the usual 0, 1, -1, 2, -2 and infinity, and like those of the direct sum (benchmarks/NOTES.md).

``winograd_forward_plain`` and ``winograd_backward_plain`` are these steps in NumPy, for all tiles
at once. The loops that layers use do them for as many tiles as the cache holds
(``winograd_loops.py``).
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from src.classic_cnn.utils import Geometry
from src.classic_nn.array_types import Array

TILE, SEEN = 4, 6
"""Height and width of a tile of outputs, and of the pixels that it sees."""

POINTS = (0.0, 0.75, -0.75, 1.5, -1.5)
"""Where the polynomials are evaluated, besides infinity."""


def winograd_matrices(points: tuple[float, ...] = POINTS) -> tuple[Array, Array, Array]:
    """B^T (6, 6), G (6, 3) and A^T (4, 6) in float64, for five points and infinity."""
    at_infinity = np.eye(SEEN)[SEEN - 1]
    powers = np.vander(points, SEEN, increasing=True)
    others = [np.delete(points, k) for k in range(len(points))]
    # a row of B^T is the polynomial that is zero at all other points
    rows = [np.append(np.poly(zeros)[::-1], 0) for zeros in others]
    scale = [np.prod(point - zeros) for point, zeros in zip(points, others, strict=True)]
    return (
        np.vstack([*rows, np.poly(points)[::-1]]),
        np.vstack([powers[:, :3] / np.transpose([scale]), at_infinity[SEEN - 3 :]]),
        np.vstack([powers[:, :TILE], at_infinity[SEEN - TILE :]]).T,
    )


BT, G, AT = winograd_matrices()


def winograd_forward_plain(x: Array, w: Array, where: Geometry) -> Array:
    """Steps 1 to 4 for a 3 x 3 convolution at stride 1.

    Args:
        x: (samples, height, width, channels).
        w: (3, 3, channels, filters).
        where: geometry.

    Returns:
        y (samples, OH, OW, filters).
    """
    d = _tiles(x, where)  # (samples, down, across, channels, 6, 6)
    V = np.einsum("ia,npqcab,jb->ijnpqc", BT, d, BT)  # 1.
    U = np.einsum("ia,abcf,jb->ijcf", G, w, G)  # 2.
    M = np.einsum("ijnpqc,ijcf->ijnpqf", V, U)  # 3.
    y = np.einsum("ai,ijnpqf,bj->npaqbf", AT, M, AT)  # 4. (samples, down, 4, across, 4, filters)
    whole = y.reshape(len(x), y.shape[1] * TILE, y.shape[3] * TILE, w.shape[3])
    return whole[:, : where.output[0], : where.output[1]].astype(x.dtype)


def winograd_backward_plain(dy: Array, x: Array, w: Array, where: Geometry) -> tuple[Array, Array]:
    """dx (samples, height, width, channels) and dw (3, 3, channels, filters), steps 4 to 1.

    Args:
        dy: (samples, OH, OW, filters).
        x: input of the forward pass.
        w: (3, 3, channels, filters).
        where: geometry.
    """
    d = _tiles(x, where)
    V = np.einsum("ia,npqcab,jb->ijnpqc", BT, d, BT)
    U = np.einsum("ia,abcf,jb->ijcf", G, w, G)
    down, across = d.shape[1:3]
    whole = np.zeros((len(dy), down * TILE, across * TILE, dy.shape[3]), dy.dtype)
    whole[:, : dy.shape[1], : dy.shape[2]] = dy
    tiles = whole.reshape(len(dy), down, TILE, across, TILE, -1)
    dM = np.einsum("ai,npaqbf,bj->ijnpqf", AT, tiles, AT)  # 4.
    dU = np.einsum("ijnpqc,ijnpqf->ijcf", V, dM)  # 3.
    dV = np.einsum("ijnpqf,ijcf->ijnpqc", dM, U)
    dw = np.einsum("ia,ijcf,jb->abcf", G, dU, G)  # 2.
    dd = np.einsum("ia,ijnpqc,jb->npqcab", BT, dV, BT)  # 1.
    (top, _), (left, _) = where.padding
    dpadded = np.zeros(_padded_shape(x, where), dy.dtype)
    for p in range(down):
        for q in range(across):
            tile = dd[:, p, q].transpose(0, 2, 3, 1)  # (samples, 6, 6, channels)
            dpadded[:, p * TILE : p * TILE + SEEN, q * TILE : q * TILE + SEEN] += tile
    inside = dpadded[:, top : top + x.shape[1], left : left + x.shape[2]]
    return inside.astype(x.dtype), dw.astype(w.dtype)


def _tiles(x: Array, where: Geometry) -> Array:
    """(samples, down, across, channels, 6, 6): the pixels of every tile, zeros outside."""
    (top, _), (left, _) = where.padding
    padded = np.zeros(_padded_shape(x, where), x.dtype)
    padded[:, top : top + x.shape[1], left : left + x.shape[2]] = x
    return sliding_window_view(padded, (SEEN, SEEN), (1, 2))[:, ::TILE, ::TILE]


def _padded_shape(x: Array, where: Geometry) -> tuple[int, int, int, int]:
    """Shape of the image with its padding, and with what the last tiles see beyond it."""
    height, width = (-(-size // TILE) * TILE + SEEN - TILE for size in where.output)
    return len(x), height, width, x.shape[3]

"""The steps of ``winograd.py`` as loops, for as many tiles at a time as the cache holds.

Steps 1 and 4 move data and are loops; step 3 is 36 products of matrices, which NumPy hands to the
matrix library. Two things make the loops fast:

- A group of tiles lies with its channels innermost, as one long axis along which the compiler takes
  8 or 16 values at once; the constants of the matrices are known to it, so that what is multiplied
  by zero is left out.
- V, M and U are kept transposed in their first two axes: then the values that neighbouring
  iterations write lie apart in a way that the compiler can prove.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from src.classic_cnn import backward, forward
from src.classic_cnn.utils import Geometry
from src.classic_cnn.winograd import winograd_matrices
from src.classic_nn.array_types import Array
from src.common.kernels import numpy_form
from src.common.loops import (
    Array3,
    Array4,
    Number,
    Vector,
    Whole,
    aligned,
    contiguous,
    loop,
    part,
    relu_ends,
)

# As there. They stand here too because compiled loops contain them, and are compiled again when
# this file changes, but not when another one does.
TILE, SEEN = 4, 6
BT, G, AT = winograd_matrices((0.0, 0.75, -0.75, 1.5, -1.5))

POSITIONS = SEEN * SEEN

BLOCK_BYTES = 1 << 20
"""Bytes of V and M of a block of tiles: they stay in the second-level cache between the steps."""

GROUP = 128
"""Values of a group of tiles at one position: 36 such rows fit the first-level cache."""

KERNEL_TILES = 32
"""Transforming the kernel takes about as long as the products of so many tiles."""

FEWEST_CHANNELS = 16
"""Channels and filters from which on fewer multiplications pay for moving the data twice."""


def _both_sides(L: Array) -> Callable[..., None]:
    """Compile v = (L d L^T)^T for a constant matrix L, for many d side by side."""
    rows, columns = L.shape
    zero = L.dtype.type(0)

    @part
    def multiply(d: Array4, at: Whole, t: Array3, v: Array4, to: Whole) -> None:
        """d[:, :, at] (columns, columns, values) -> v[:, :, to] (rows, rows, values), through t."""
        for b in range(columns):
            for k in range(d.shape[3]):
                for i in range(rows):
                    total = zero * d[0, b, at, k]
                    for a in range(columns):
                        total += L[i, a] * d[a, b, at, k]
                    t[i, b, k] = total
        for i in range(rows):
            for k in range(d.shape[3]):
                for j in range(rows):
                    total = zero * t[i, 0, k]
                    for b in range(columns):
                        total += L[j, b] * t[i, b, k]
                    v[j, i, to, k] = total

    return multiply


# Entries of B and A are sums of powers of two, exact in float32; those of G are not.
pixels_in, pixels_out = (_both_sides(L.astype(np.float32)) for L in (BT, BT.T))
outputs_out, outputs_in = (_both_sides(L.astype(np.float32)) for L in (AT, AT.T))
kernel_in, kernel_out = _both_sides(G), _both_sides(np.ascontiguousarray(G.T))


@part
def corner(tile: int, across: int, per_sample: int, top: int, left: int) -> tuple[int, int, int]:
    """Sample, row and column of the image at which a tile begins."""
    sample, place = divmod(tile, per_sample)
    return sample, place // across * TILE - top, place % across * TILE - left


@part
def copy_tiles(
    x: Array4, first: int, across: int, per_sample: int, top: int, left: int, d: Array4
) -> None:
    """d (rows, columns, tiles, channels) = the tiles of x from number first on, zeros outside."""
    samples, height, width, channels = x.shape
    for q in range(d.shape[2]):
        sample, row, column = corner(first + q, across, per_sample, top, left)
        for i in range(d.shape[0]):
            for j in range(d.shape[1]):
                r, s = row + i, column + j
                if sample < samples and 0 <= r < height and 0 <= s < width:
                    for c in range(channels):
                        d[i, j, q, c] = x[sample, r, s, c]
                else:
                    for c in range(channels):
                        d[i, j, q, c] = 0


@part
def add_tiles(
    d: Array4, first: int, across: int, per_sample: int, top: int, left: int, x: Array4
) -> None:
    """The reverse: x += d where tiles lie inside the image."""
    samples, height, width, channels = x.shape
    for q in range(d.shape[2]):
        sample, row, column = corner(first + q, across, per_sample, top, left)
        for i in range(d.shape[0]):
            for j in range(d.shape[1]):
                r, s = row + i, column + j
                if sample < samples and 0 <= r < height and 0 <= s < width:
                    for c in range(channels):
                        x[sample, r, s, c] += d[i, j, q, c]


@part
def write_tiles(
    d: Array4,
    first: int,
    across: int,
    per_sample: int,
    b: Vector,
    lowest: Number,
    highest: Number,
    y: Array4,
) -> None:
    """y = d + b between lowest and highest, for tiles, which do not overlap; a NaN stays one."""
    samples, height, width, filters = y.shape
    for q in range(d.shape[2]):
        sample, row, column = corner(first + q, across, per_sample, 0, 0)
        for i in range(d.shape[0]):
            for j in range(d.shape[1]):
                r, s = row + i, column + j
                if sample < samples and r < height and s < width:
                    for f in range(filters):
                        z = d[i, j, q, f] + b[f]
                        z = lowest if z <= lowest else z
                        y[sample, r, s, f] = highest if z >= highest else z


@loop
def pixels_to_tiles(
    x: Array4,
    first: Whole,
    across: Whole,
    per_sample: Whole,
    top: Whole,
    left: Whole,
    d: Array4,
    t: Array3,
    V: Array4,
) -> None:
    """Step 1: V = B^T d B, (6, 6, groups, tiles * channels)."""
    tiles = d.shape[2]
    for g in range(V.shape[2]):
        copy_tiles(x, first + g * tiles, across, per_sample, top, left, d)
        pixels_in(d.reshape(SEEN, SEEN, 1, -1), 0, t, V, g)


@loop
def tiles_to_outputs(
    M: Array4,
    first: Whole,
    across: Whole,
    per_sample: Whole,
    d: Array4,
    t: Array3,
    b: Vector,
    lowest: Number,
    highest: Number,
    y: Array4,
) -> None:
    """Step 4: y = A^T M A + b between lowest and highest; M (6, 6, groups, tiles * filters)."""
    tiles = d.shape[2]
    for g in range(M.shape[2]):
        outputs_out(M, g, t, d.reshape(TILE, TILE, 1, -1), 0)
        write_tiles(d, first + g * tiles, across, per_sample, b, lowest, highest, y)


@loop
def outputs_to_tiles(
    dy: Array4, first: Whole, across: Whole, per_sample: Whole, d: Array4, t: Array3, dM: Array4
) -> None:
    """Step 4 backwards: dM = A dy A^T."""
    tiles = d.shape[2]
    for g in range(dM.shape[2]):
        copy_tiles(dy, first + g * tiles, across, per_sample, 0, 0, d)
        outputs_in(d.reshape(TILE, TILE, 1, -1), 0, t, dM, g)


@loop
def tiles_to_pixels(
    dV: Array4,
    first: Whole,
    across: Whole,
    per_sample: Whole,
    top: Whole,
    left: Whole,
    d: Array4,
    t: Array3,
    dx: Array4,
) -> None:
    """Step 1 backwards: dx += B dV B^T."""
    tiles = d.shape[2]
    for g in range(dV.shape[2]):
        pixels_out(dV, g, t, d.reshape(SEEN, SEEN, 1, -1), 0)
        add_tiles(d, first + g * tiles, across, per_sample, top, left, dx)


@loop
def kernel_to_tiles(w: Array4, t: Array3, U: Array4) -> None:
    """Step 2: U = G g G^T, (6, 6, channels, filters)."""
    for c in range(w.shape[2]):
        kernel_in(w, c, t, U, c)


@loop
def tiles_to_kernel(dU: Array4, t: Array3, dw: Array4) -> None:
    """Step 2 backwards: dg = G^T dU G."""
    for c in range(dw.shape[2]):
        kernel_out(dU, c, t, dw, c)


class _Tiles(NamedTuple):
    """How the tiles of a mini-batch are numbered, and the memory for a block of them.

    Attributes:
        places: tiles in a row of an image, and tiles of an image.
        corner: rows and columns of padding before the image.
        blocks: number of the first tile of each block.
        V, M: (6, 6, groups, tiles * channels) and (6, 6, groups, tiles * filters).
        pixels, outputs: a group of tiles, (6, 6, tiles, channels) and (4, 4, tiles, filters).
        halves: for the half of a step that has gone along one axis only.
    """

    places: tuple[int, int]
    corner: tuple[int, int]
    blocks: range
    V: Array
    M: Array
    pixels: Array
    outputs: Array
    half_pixels: Array
    half_outputs: Array

    @property
    def matrices(self) -> tuple[Array, Array]:
        """V (36, tiles, channels) and M (36, tiles, filters)."""
        channels, filters = self.pixels.shape[3], self.outputs.shape[3]
        return self.V.reshape(POSITIONS, -1, channels), self.M.reshape(POSITIONS, -1, filters)


def _tiles(x: Array, w: Array, where: Geometry) -> _Tiles:
    down, across = (-(-size // TILE) for size in where.output)
    channels, filters = w.shape[2:]
    total = len(x) * down * across
    tiles = max(GROUP // max(channels, filters), 1)
    most = max(BLOCK_BYTES // (POSITIONS * (channels + filters) * x.itemsize), channels, filters)
    blocks = max(-(-total // most), 1)
    groups = -(-total // (tiles * blocks))
    (top, _), (left, _) = where.padding
    return _Tiles(
        (across, down * across),
        (top, left),
        range(0, total, max(tiles * groups, 1)),
        aligned((SEEN, SEEN, groups, tiles * channels), x.dtype),
        aligned((SEEN, SEEN, groups, tiles * filters), x.dtype),
        aligned((SEEN, SEEN, tiles, channels), x.dtype),
        aligned((TILE, TILE, tiles, filters), x.dtype),
        aligned((SEEN, SEEN, tiles * channels), x.dtype),
        aligned((SEEN * TILE * tiles * filters,), x.dtype),
    )


def _kernel_tiles(w: Array) -> Array:
    """U (36, channels, filters) of w (3, 3, channels, filters)."""
    channels, filters = w.shape[2:]
    U = aligned((SEEN, SEEN, channels, filters), w.dtype)
    kernel_to_tiles(w, np.empty((SEEN, 3, filters), w.dtype), U)
    return U.reshape(POSITIONS, channels, filters)


def winograd_forward(
    x: Array, w: Array, b: Array | None, where: Geometry, y: Array, relu: float | None = None
) -> None:
    """Steps 1 to 4, bias and, if asked for, ReLU; y (samples, OH, OW, filters) is written."""
    x, w = contiguous(x, w)
    m = _tiles(x, w, where)
    V, M = m.matrices
    U = _kernel_tiles(w)
    (b,) = contiguous(np.zeros(w.shape[3], x.dtype) if b is None else b)
    half = m.half_outputs.reshape(TILE, SEEN, -1)
    lowest, highest = relu_ends(x.dtype, relu)
    for first in m.blocks:
        pixels_to_tiles(x, first, *m.places, *m.corner, m.pixels, m.half_pixels, m.V)
        np.matmul(V, U, out=M)
        tiles_to_outputs(m.M, first, *m.places, m.outputs, half, b, lowest, highest, y)


def winograd_backward(
    dy: Array, x: Array, w: Array, where: Geometry, dw: Array | None, dx: Array | None
) -> None:
    """Steps 4 to 1; those of dw and dx that are not None are written."""
    dy, x, w = contiguous(dy, x, w)
    m = _tiles(x, w, where)
    V, M = m.matrices
    # U^T is made of w with channels and filters exchanged: a quarter of what transposing U moves
    UT = None if dx is None else _kernel_tiles(np.ascontiguousarray(w.transpose(0, 1, 3, 2)))
    dU = aligned((POSITIONS, *w.shape[2:]), w.dtype)
    dU_of_block = dU if len(m.blocks) == 1 else np.empty_like(dU)
    half = m.half_outputs.reshape(SEEN, TILE, -1)
    if dx is not None:
        dx[...] = 0
    for first in m.blocks:
        outputs_to_tiles(dy, first, *m.places, m.outputs, half, m.M)
        if dw is not None:
            pixels_to_tiles(x, first, *m.places, *m.corner, m.pixels, m.half_pixels, m.V)
            if first == 0:
                np.matmul(V.transpose(0, 2, 1), M, out=dU)
            else:
                dU += np.matmul(V.transpose(0, 2, 1), M, out=dU_of_block)
        if dx is not None and UT is not None:
            np.matmul(M, UT, out=V)
            tiles_to_pixels(m.V, first, *m.places, *m.corner, m.pixels, m.half_pixels, dx)
    if dw is None:
        return
    dkernel = np.empty_like(w)
    half = np.empty((3, SEEN, w.shape[3]), w.dtype)
    tiles_to_kernel(dU.reshape(SEEN, SEEN, *w.shape[2:]), half, dkernel)
    dw[...] = dkernel


def winograd_pays(x: Array, w: Array, where: Geometry) -> bool:
    """Whether a convolution can be done this way, and is faster for it (benchmarks/NOTES.md)."""
    if where.kernel != (3, 3) or where.stride != (1, 1) or where.dilation != (1, 1):
        return False
    height, width = where.output
    tiles = len(x) * -(-height // TILE) * -(-width // TILE)
    multiplications = POSITIONS * (tiles + KERNEL_TILES)
    direct = 9 * len(x) * height * width
    return min(w.shape[2:]) >= FEWEST_CHANNELS and multiplications <= direct


def convolve(
    x: Array, w: Array, b: Array | None, where: Geometry, out: Array, relu: float | None = None
) -> None:
    """See ``forward.convolve``."""
    if winograd_pays(x, w, where) and out.flags.carray:
        winograd_forward(x, w, b, where, out, relu)
    else:
        numpy_form(forward.convolve)(x, w, b, where, out, relu)


def convolve_backward(
    dy: Array, x: Array, w: Array, where: Geometry, dw: Array | None, dx: Array | None
) -> None:
    """See ``backward.convolve_backward``."""
    if winograd_pays(x, w, where) and (dx is None or dx.flags.carray):
        winograd_backward(dy, x, w, where, dw, dx)
    else:
        numpy_form(backward.convolve_backward)(dy, x, w, where, dw, dx)

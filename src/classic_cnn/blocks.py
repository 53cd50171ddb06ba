"""Cutting a convolution into pieces that stay in the processor's cache.

A convolution is a matrix product of windows, one a row, with the kernel. The matrix of all
windows (im2col) repeats every pixel once for each kernel element: for a mini-batch it is larger
than the memory that anybody wants to spend, and copying it through main memory takes longer than
the product. So windows are copied for a block of output positions at a time, into a buffer that
stays in the second-level cache, and multiplied at once. The zeros around the image are put there
sample by sample too: no padded copy of the mini-batch is ever made.

Blocks are not made smaller than that, although the caches would like it: every NumPy call lets go
of Python's lock and takes it back, and workers who do so every few microseconds wait for each
other more than they compute.
"""

from collections.abc import Iterator

import numpy as np

from src.classic_cnn.utils import Geometry, windows
from src.classic_nn.array_types import Array

BUFFER = 1 << 20
"""Bytes of copied windows in a block: half of a 2 MiB second-level cache."""

FEWEST_ROWS = 384
"""Rows of a block at least, whatever they take: a product of fewer spends its time on the kernel,
which is read, and in the backward pass written, once a block."""


def blocks(samples: int, where: Geometry, row_bytes: int) -> Iterator[tuple[slice, slice]]:
    """Pieces of the output: (slice of samples, slice of output rows), each position in one.

    A large map is cut into groups of rows of one sample; small maps go several samples at a time.

    Args:
        samples: in the mini-batch.
        where: geometry of the convolution.
        row_bytes: bytes that one output position needs in the buffer.
    """
    height = where.output[0]
    several, step = _steps(where, row_bytes)
    for first in range(0, samples, several):
        for row in range(0, height, step):
            yield (
                slice(first, min(first + several, samples)),
                slice(row, min(row + step, height)),
            )


def _steps(where: Geometry, row_bytes: int) -> tuple[int, int]:
    """Samples and rows of a block: several whole samples, or some rows of one."""
    height, width = where.output
    positions = max(BUFFER // row_bytes, FEWEST_ROWS)
    if positions >= height * width:
        return positions // (height * width), height
    return 1, max(positions // width, 1)


def window_blocks(
    x: Array, where: Geometry, row_bytes: int
) -> Iterator[tuple[slice, slice, Array]]:
    """The windows of each block of outputs, as a view.

    Args:
        x: (samples, height, width, channels), without padding.
        where: geometry.
        row_bytes: bytes that one output position needs in the caller's buffer.

    Yields:
        slice of samples, slice of output rows, and (samples, rows, OW, KH, KW, channels), which
        holds until the next block.
    """
    (top, bottom), (left, right) = where.padding
    several, _ = _steps(where, row_bytes)
    height, width, channels = x.shape[1:]
    if top or bottom or left or right:
        # the padding is written once and stays; only the images inside it change
        shape = (min(several, len(x)), top + height + bottom, left + width + right, channels)
        padded = np.zeros(shape, x.dtype)
        view = windows(padded, where)
    else:
        padded, view = None, windows(x, where)
    present = slice(0, 0)
    for samples, rows in blocks(len(x), where, row_bytes):
        if padded is None:
            yield samples, rows, view[samples, rows]
            continue
        count = samples.stop - samples.start
        if samples != present:
            padded[:count, top : top + height, left : left + width] = x[samples]
            present = samples
        yield samples, rows, view[:count, rows]


def im2col_blocks(x: Array, where: Geometry) -> Iterator[tuple[slice, slice, Array]]:
    """The windows of each block as rows of a matrix, (positions, KH * KW * channels).

    The matrix is a buffer that the next block overwrites; or, where the windows lie one after the
    other in memory already (kernel and stride 1), the images themselves, all in one block.
    """
    kh, kw = where.kernel
    width = kh * kw * x.shape[3]
    plain = (kh, kw) == (1, 1) and not np.any(where.padding) and where.output == x.shape[1:3]
    if plain and x.flags.c_contiguous:
        yield slice(0, len(x)), slice(0, where.output[0]), x.reshape(-1, width)
        return
    buffer = np.empty(0, x.dtype)
    for samples, rows, view in window_blocks(x, where, width * x.itemsize):
        if buffer.size < view.size:
            buffer = np.empty(view.size, x.dtype)
        columns = buffer[: view.size].reshape(view.shape)
        np.copyto(columns, view)
        yield samples, rows, columns.reshape(-1, width)

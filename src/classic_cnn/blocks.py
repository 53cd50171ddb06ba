"""Cutting a convolution into pieces that stay in the processor's cache.

A convolution is a matrix product of windows, one a row, with the kernel. The matrix of all
windows (im2col) repeats every pixel once for each kernel element: for a mini-batch it is larger
than the memory that anybody wants to spend, and copying it through main memory takes longer than
the product. So windows are gathered for a block of output positions at a time, into a buffer that
stays in the second-level cache, and multiplied at once.
"""

from collections.abc import Iterator

import numpy as np

from src.classic_cnn.utils import Geometry, windows
from src.classic_nn.array_types import Array

BUFFER = 1 << 20
"""Bytes of gathered windows in a block: half of a 2 MiB second-level cache."""


def blocks(samples: int, where: Geometry, row_bytes: int) -> Iterator[tuple[slice, slice]]:
    """Pieces of the output: (slice of samples, slice of output rows), each position in one.

    A large map is cut into groups of rows of one sample; small maps go several samples at a time,
    because a product of a few rows wastes the kernel's preparation.

    Args:
        samples: in the mini-batch.
        where: geometry of the convolution.
        row_bytes: bytes that one output position needs in the buffer.
    """
    height, width = where.output
    positions = max(BUFFER // row_bytes, 1)
    if positions >= height * width:
        step = positions // (height * width)
        for start in range(0, samples, step):
            yield slice(start, min(start + step, samples)), slice(0, height)
        return
    step = max(positions // width, 1)
    for sample in range(samples):
        for start in range(0, height, step):
            yield slice(sample, sample + 1), slice(start, min(start + step, height))


def gathered(padded: Array, where: Geometry) -> Iterator[tuple[slice, slice, Array]]:
    """The windows of each block as rows of a matrix, (positions, KH * KW * channels).

    The matrix is a buffer that the next block overwrites; or, where the windows lie one after the
    other in memory already (kernel and stride 1), the image itself.
    """
    view = windows(padded, where)
    width = view[0, 0, 0].size if len(view) else 1
    buffer = np.empty(0, padded.dtype)
    for samples, rows in blocks(len(padded), where, width * padded.itemsize):
        block = view[samples, rows]
        if block.flags.c_contiguous:
            yield samples, rows, block.reshape(-1, width)
            continue
        if buffer.size < block.size:
            buffer = np.empty(block.size, padded.dtype)
        columns = buffer[: block.size].reshape(block.shape)
        np.copyto(columns, block)
        yield samples, rows, columns.reshape(-1, width)

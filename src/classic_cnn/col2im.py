"""Windows added up where they overlap: the backward of gathering them (col2im)."""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from src.classic_cnn.utils import Geometry
from src.classic_nn.array_types import Array


def col2im(shares: Array, where: Geometry, dx: Array, samples: slice, rows: slice) -> None:
    """Add every window's share to the pixels that it covers; what lies in the border is dropped.

    Windows that do not overlap are added in one go: of every ``turns`` windows in a row the
    first, then of every ``turns`` the second, and so on, each with all its columns together.

    Args:
        shares: (samples, rows, OW, KH, KW, channels), of a block of outputs.
        where: geometry.
        dx: (samples, height, width, channels), to which is added.
        samples: which samples the block is of.
        rows: which rows of the output.
    """
    _, _, columns, kh, kw, channels = shares.shape
    (sy, sx), (apart_y, apart_x) = where.stride, where.dilation
    (above, _), (left, right) = where.padding
    height, width = dx.shape[1:3]
    covered = (rows.stop - rows.start - 1) * sy + apart_y * (kh - 1) + 1
    band = np.zeros((len(shares), covered, left + width + right, channels), shares.dtype)
    if apart_x == 1:  # a window's columns lie side by side
        turns, runs = -(-kw // sx), [(0, kw)]
    else:
        turns, runs = 1, [(j, 1) for j in range(kw)]
    sample, row, pixel, channel = band.strides
    for i in range(kh):
        for first, length in runs:
            for turn in range(min(turns, columns)):
                part = shares[:, :, turn::turns, i, first : first + length]
                corner = band[:, i * apart_y :, turn * sx + first * apart_x :]
                strides = (sample, sy * row, turns * sx * pixel, pixel, channel)
                target = as_strided(corner, part.shape, strides)
                target += part
    start = rows.start * sy - above
    inside = slice(max(start, 0), max(min(start + covered, height), 0))
    dx[samples, inside] += band[
        :, inside.start - start : max(inside.stop - start, 0), left : left + width
    ]

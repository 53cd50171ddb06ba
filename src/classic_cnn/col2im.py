"""Windows added up where they overlap (col2im): the backward of im2col.

In plain form it is the loop over kernel elements at the end of ``conv_backward_plain``.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from src.classic_cnn.utils import Geometry
from src.classic_nn.array_types import Array


def col2im(dwindows: Array, where: Geometry, dx: Array, samples: slice, rows: slice) -> None:
    """Add every window's gradient to the pixels that it covers; that of the padding is dropped.

    Windows that do not overlap are added in one go: of every ``step`` windows in a row the first,
    then of every ``step`` the second, and so on, each with all its columns together.

    Args:
        dwindows: (samples, rows, OW, KH, KW, channels), of a block of outputs.
        where: geometry.
        dx: (samples, height, width, channels), to which is added.
        samples: which samples the block is of.
        rows: which rows of the output.
    """
    _, _, columns, kh, kw, channels = dwindows.shape
    (sy, sx), (apart_y, apart_x) = where.stride, where.dilation
    (above, _), (left, right) = where.padding
    height, width = dx.shape[1:3]
    covered = (rows.stop - rows.start - 1) * sy + apart_y * (kh - 1) + 1
    band = np.zeros((len(dwindows), covered, left + width + right, channels), dwindows.dtype)
    if apart_x == 1:  # a window's columns lie side by side
        step, runs = -(-kw // sx), [(0, kw)]
    else:
        step, runs = 1, [(j, 1) for j in range(kw)]
    sample, row, pixel, channel = band.strides
    for i in range(kh):
        for first, length in runs:
            for start in range(min(step, columns)):
                part = dwindows[:, :, start::step, i, first : first + length]
                corner = band[:, i * apart_y :, start * sx + first * apart_x :]
                strides = (sample, sy * row, step * sx * pixel, pixel, channel)
                target = as_strided(corner, part.shape, strides)
                target += part
    first_row = rows.start * sy - above
    inside = slice(max(first_row, 0), max(min(first_row + covered, height), 0))
    dx[samples, inside] += band[
        :, inside.start - first_row : max(inside.stop - first_row, 0), left : left + width
    ]

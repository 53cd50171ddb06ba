"""An image shifted by one kernel element at a time.

Where nothing is summed over channels (depthwise convolution, pooling), an operation on windows is
a loop over the kernel's elements, each with all output positions at once.
"""

from collections.abc import Iterator

from src.classic_cnn.utils import Geometry
from src.classic_nn.array_types import Array


def shifted_views(
    padded: Array, where: Geometry, samples: slice = slice(None), rows: slice | None = None
) -> Iterator[tuple[int, int, Array]]:
    """For each kernel element (i, j), the pixels that it meets, as a view.

    Args:
        padded: (samples, padded height, padded width, channels).
        where: geometry.
        samples: which samples; all of them unless given.
        rows: which rows of the output; likewise.

    Yields:
        i, j and the view (samples, rows, OW, channels); writing to it writes to ``padded``.
    """
    rows = slice(0, where.output[0]) if rows is None else rows
    (sy, sx), (dy, dx), width = where.stride, where.dilation, where.output[1]
    for i in range(where.kernel[0]):
        for j in range(where.kernel[1]):
            top, left = rows.start * sy + i * dy, j * dx
            height = (rows.stop - rows.start - 1) * sy + 1
            yield (
                i,
                j,
                padded[samples, top : top + height : sy, left : left + (width - 1) * sx + 1 : sx],
            )

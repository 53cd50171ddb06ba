"""What follows the products of a convolution: the bias, and a ReLU if one comes next.

    forward   y  = z + b                       or  y = min(max(z + b, 0), ceiling)
    backward  db = sum over n, p, q of dz,     dz = dy  or  dz = dy where 0 < y < ceiling, else 0

The second form is that of a ReLU with a ceiling, infinite but for ReLU6.
"""

import math

import numpy as np

from src.classic_nn.array_types import Array
from src.classic_nn.channelwise import feature_sum
from src.classic_nn.math import through_relu
from src.common.kernels import operation


@operation("src.classic_cnn.bias_loops")
def add_bias(y: Array, b: Array | None, relu: float | None = None) -> None:
    """Add b (filters,) to y (samples, rows, OW, filters), in place.

    Args:
        y: changed.
        b: None for nothing to add.
        relu: upper end of a ReLU, inf or 6, which is applied too; None for none.
    """
    if b is not None and y.flags.c_contiguous:
        # b repeated OW times adds in long rows
        row_of_biases = np.tile(b, y.shape[2])
        wide = y.reshape(y.shape[0] * y.shape[1], len(row_of_biases))
        wide += row_of_biases
    elif b is not None:
        y += b
    if relu is not None:
        np.clip(y, 0, relu, out=y)


@operation("src.classic_cnn.bias_loops")
def bias_backward(
    dy: Array, db: Array | None, y: Array | None = None, ceiling: float = math.inf
) -> Array:
    """dz, of the shape of dy (samples, OH, OW, filters); db (filters,), if given, is written.

    Args:
        dy: upstream gradient.
        db: where to write the gradient of the bias; None to skip it.
        y: output of the ReLU; None where there was none, and dz is dy itself.
        ceiling: upper end of the ReLU.
    """
    dz = dy if y is None else through_relu(dy, y, ceiling)
    if db is not None:
        feature_sum(dz, out=db)
    return dz

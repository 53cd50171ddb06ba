"""The bias of a convolution."""

from src.classic_nn.array_types import Array


def add_bias(y: Array, row_of_biases: Array) -> None:
    """y (samples, rows, OW, filters) += b, in place; b repeated OW times adds in long rows."""
    if y.flags.c_contiguous:
        wide = y.reshape(y.shape[0] * y.shape[1], len(row_of_biases))
        wide += row_of_biases
    else:
        y += row_of_biases.reshape(y.shape[2:])
